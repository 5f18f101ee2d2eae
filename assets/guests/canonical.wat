;; canonical.wat: the component model's canonical ABI
;;
;; Converts a text to upper case, as the core module in a component does, with the canonical ABI.
;;
;;   1. the host calls    cabi_realloc(0, 0, 1, n)    for n new bytes, aligned to 1, and writes the text there;
;;   2. the host calls    shout(pointer, n)           which owns the text from now on, and returns an address,
;;                                                    where the answer's pointer and length are stored;
;;   3. the host reads    both numbers, then the answer;
;;   4. the host calls    cabi_post_shout(address)    so that the guest can free what it had returned.

(module
  (memory (export "memory") 1)

  ;; The pointer and length of the newest answer.
  (global $result i32 (i32.const 16))

  ;; Memory is allocated from here upwards.
  (global $top (mut i32) (i32.const 1024))

  (func $alloc (param $len i32) (result i32)
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
    (local.get $ptr))

  (func (export "cabi_realloc")
    (param $old i32) (param $old_len i32) (param $align i32) (param $len i32) (result i32)
    (call $alloc (local.get $len)))

  ;; All allocated memory was for this text, so it is free again.
  (func (export "cabi_post_shout") (param $result i32)
    (global.set $top (i32.const 1024)))

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

  (func (export "shout") (param $ptr i32) (param $len i32) (result i32)
    (call $capitals (local.get $ptr) (local.get $len) (local.get $ptr))
    (i32.store (global.get $result) (local.get $ptr))
    (i32.store offset=4 (global.get $result) (local.get $len))
    (global.get $result))
)
