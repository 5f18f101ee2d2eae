;; handle.wat: reverses a text by several calls: one makes a stack, one pushes text, one pops all of it.
(module
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  (func $alloc (export "alloc") (param $n i32) (result i32)
    (local $block i32)
    (local.set $block (global.get $free))
    (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get $n)) (i32.const 7)) (i32.const 0x7ff8)))
    (local.get $block))
  ;; A stack: a mark, the number of bytes, and room for 200 of them.
  (func (export "create") (result i32)
    (local $stack i32)
    (local.set $stack (call $alloc (i32.const 208)))
    (i32.store (local.get $stack) (i32.const 0x5ac4))
    (i32.store offset=4 (local.get $stack) (i32.const 0))
    (local.get $stack))
  (func $check (param $stack i32)
    (if (i32.ne (i32.load (local.get $stack)) (i32.const 0x5ac4)) (then unreachable)))
  (func (export "push") (param $stack i32) (param $text i32) (param $n i32)
    (local $i i32)
    (call $check (local.get $stack))
    (loop $next
      (if (i32.and (i32.lt_u (local.get $i) (local.get $n)) (i32.lt_u (i32.load offset=4 (local.get $stack)) (i32.const 200)))
        (then
          (i32.store8 offset=8 (i32.add (local.get $stack) (i32.load offset=4 (local.get $stack)))
            (i32.load8_u (i32.add (local.get $text) (local.get $i))))
          (i32.store offset=4 (local.get $stack) (i32.add (i32.load offset=4 (local.get $stack)) (i32.const 1)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next)))))
  ;; Pops all into a buffer, and returns how much that was.
  (func (export "pop") (param $stack i32) (param $to i32) (param $capacity i32) (result i32)
    (local $count i32)
    (call $check (local.get $stack))
    (loop $next
      (if (i32.and (i32.gt_u (i32.load offset=4 (local.get $stack)) (i32.const 0)) (i32.lt_u (local.get $count) (local.get $capacity)))
        (then
          (i32.store offset=4 (local.get $stack) (i32.sub (i32.load offset=4 (local.get $stack)) (i32.const 1)))
          (i32.store8 (i32.add (local.get $to) (local.get $count))
            (i32.load8_u offset=8 (i32.add (local.get $stack) (i32.load offset=4 (local.get $stack)))))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (br $next))))
    (local.get $count)))
