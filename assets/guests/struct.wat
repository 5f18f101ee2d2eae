;; struct.wat: an allocator; returns the address of pointer and length
;;
;; Converts a text to upper case. The transform returns the address of a struct: pointer and length, in memory.
;;
;;   1. the host calls    alloc(n)             for n bytes of the guest's memory, and writes the text there;
;;   2. the host calls    shout(pointer, n)    which returns the address of two numbers of four bytes each, low
;;                                             byte first, the answer's pointer and its length;
;;   3. the host reads    both numbers, then the answer, and frees text and answer: dealloc(pointer, length).

(module
  ;; The type of shout does not tell which convention it follows. So a custom section names it, which linmem reads.
  (@custom "linmem" "struct")

  (memory (export "memory") 1)

  ;; The struct: { u32 pointer, u32 length }. There is only one, so it is valid for the newest answer only.
  (global $result i32 (i32.const 16))

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

  (func (export "shout") (param $ptr i32) (param $len i32) (result i32)
    (i32.store (global.get $result) (call $alloc (local.get $len)))
    (i32.store offset=4 (global.get $result) (local.get $len))
    (call $capitals (local.get $ptr) (local.get $len) (i32.load (global.get $result)))
    (global.get $result))
)
