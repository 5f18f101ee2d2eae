;; A program, and not a library: when _start returns, its global objects are destroyed, and shout() uses them.

(module
  (memory (export "memory") 1)
  (global $alive (mut i32) (i32.const 1))
  (func (export "_start") (global.set $alive (i32.const 0)))
  (func (export "buffer") (result i32) (i32.const 1024))
  (func (export "shout") (param $n i32) (result i32) (i32.mul (local.get $n) (global.get $alive)))
)
