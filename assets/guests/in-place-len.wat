;; in-place-len.wat: like in-place, but the answer is shorter: removes spaces
;;
;; Removes the spaces of a text in place. The answer is shorter, and its length is returned.
;;
;;   1. the host calls    alloc(n)              for n bytes of the guest's memory, and writes the text there;
;;   2. the host calls    squeeze(pointer, n)   which changes these bytes, and returns how many are left;
;;   3. the host reads    that many bytes from the same pointer, and frees all n: dealloc(pointer, n).
;;
;; The rest is not cleared: after a shorter answer, memory still holds the end of the text.

(module
  ;; The type of shout does not tell which convention it follows. So a custom section names it, which linmem reads.
  (@custom "linmem" "in-place-len")

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

  (func (export "squeeze") (param $ptr i32) (param $len i32) (result i32)
    (local $from i32) (local $to i32) (local $end i32)
    (local.set $from (local.get $ptr))
    (local.set $to (local.get $ptr))
    (local.set $end (i32.add (local.get $ptr) (local.get $len)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $from) (local.get $end)))
        (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
        ;; Unless it was a space (32), the next byte goes after it.
        (local.set $to
          (i32.add (local.get $to) (i32.ne (i32.load8_u (local.get $from)) (i32.const 32))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (i32.sub (local.get $to) (local.get $ptr)))
)
