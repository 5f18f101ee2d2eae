;; wasm-bindgen.wat: wasm-bindgen strings: pointer and length as two results
;;
;; Converts a text to upper case, as Rust modules made by wasm-bindgen since 2025 do.
;;
;;   1. the host calls    __wbindgen_malloc(n, 1)     for n bytes, aligned to 1, and writes the text there, in UTF-8;
;;   2. the host calls    shout(pointer, n)           which owns the text from now on, and frees it. Pointer
;;                                                    and length of the answer are returned, as two values;
;;   3. the host reads    the answer, and frees it: __wbindgen_free(pointer, length, 1).
;;
;; If the host also freed the text, it would be freed twice.

(module
  (memory (export "memory") 1)

  ;; Memory is allocated from here upwards. When no block is in use, all of it is free again.
  (global $top (mut i32) (i32.const 1024))
  (global $in_use (mut i32) (i32.const 0))

  (func $alloc (export "__wbindgen_malloc") (param $len i32) (param $align i32) (result i32)
    (local $ptr i32) (local $end i32)
    (local.set $ptr (global.get $top))
    (local.set $end (i32.add (local.get $ptr) (local.get $len)))
    ;; If memory is too small, it grows by as many pages of 65,536 bytes as are needed.
    (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
      (then
        (if (i32.eq (i32.const -1)
              (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $len) (i32.const 16)))))
          ;; Memory cannot grow that far: return a null pointer.
          (then (return (i32.const 0))))))
    (global.set $top (local.get $end))
    (global.set $in_use (i32.add (global.get $in_use) (i32.const 1)))
    (local.get $ptr))

  (func (export "__wbindgen_free") (param $ptr i32) (param $len i32) (param $align i32)
    (if (i32.eqz (local.get $ptr)) (then (return)))
    (global.set $in_use (i32.sub (global.get $in_use) (i32.const 1)))
    (if (i32.eqz (global.get $in_use))
      (then (global.set $top (i32.const 1024)))))

  ;; Copies a text with its letters a to z (97 to 122) in upper case, which is 32 less.
  (func $capitals (param $from i32) (param $len i32) (param $to i32)
    (local $c i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $len)))
        (local.set $c (i32.load8_u (local.get $from)))
        (i32.store8 (local.get $to)
          (i32.sub (local.get $c)
            (i32.shl (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26)) (i32.const 5))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br $next))))

  (func (export "shout") (param $ptr i32) (param $len i32) (result i32 i32)
    (call $capitals (local.get $ptr) (local.get $len) (local.get $ptr))
    ;; The answer replaces the text in the same block, so there is one block to free, by the host.
    (local.get $ptr)
    (local.get $len))
)
