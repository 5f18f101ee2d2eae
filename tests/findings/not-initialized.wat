;; A library whose global objects are made by _initialize, which the recipe does not call: the prefix is empty.

(module
  (memory (export "memory") 1)
  (global $prefix (mut i32) (i32.const 0))
  (func (export "_initialize")
    (i32.store8 (i32.const 1023) (i32.const 62))
    (global.set $prefix (i32.const 1)))
  (func (export "buffer") (result i32) (i32.const 1024))
  (func (export "shout") (param $n i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (i32.sub (i32.const 1024) (global.get $prefix))) (i64.const 32))
      (i64.extend_i32_u (i32.add (local.get $n) (global.get $prefix)))))
)
