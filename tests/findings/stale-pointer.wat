;; The guest moves its buffer when a line has more than 8 bytes. The host reads at the address from before.

(module
  (memory (export "memory") 1)
  (global $buffer (mut i32) (i32.const 1024))
  (func (export "buffer") (result i32) (global.get $buffer))
  (func (export "shout") (param $n i32) (result i32)
    (if (i32.gt_u (local.get $n) (i32.const 8)) (then
      (memory.copy (i32.const 4096) (global.get $buffer) (local.get $n))
      (global.set $buffer (i32.const 4096))
      (i32.store8 (global.get $buffer) (i32.const 42))))
    (local.get $n))
)
