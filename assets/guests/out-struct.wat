;; out-struct.wat: an allocator; stores pointer and length at an address from the host
;;
;; Converts a text to upper case. The host passes the address for the answer's pointer and length.
;;
;;   1. the host calls    alloc(n)                    for the text, and alloc(8) for two numbers of four bytes each;
;;   2. the host calls    shout(out, pointer, n)      which stores the answer's pointer at out, its length at out + 4;
;;   3. the host reads    both numbers, then the answer, and frees all three: dealloc(pointer, length).
;;
;; This is how compilers return a struct that does not fit into one value: its address is the first argument.

(module
  ;; The type of shout does not tell which convention it follows. So a custom section names it, which linmem reads.
  (@custom "linmem" "out-struct")

  (memory (export "memory") 1)

  ;; Memory is allocated from here upwards. When no block is in use, all of it is free again.
  (global $top (mut i32) (i32.const 1024))
  (global $in_use (mut i32) (i32.const 0))

  (func $alloc (export "alloc") (param $len i32) (result i32)
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

  (func (export "dealloc") (param $ptr i32) (param $len i32)
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

  (func (export "shout") (param $out i32) (param $ptr i32) (param $len i32)
    (i32.store (local.get $out) (call $alloc (local.get $len)))
    (i32.store offset=4 (local.get $out) (local.get $len))
    (call $capitals (local.get $ptr) (local.get $len) (i32.load (local.get $out))))
)
