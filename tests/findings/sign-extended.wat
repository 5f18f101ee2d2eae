;; The guest returns a pointer above 2 GiB, and extends it to 64 bits as a signed number.

(module
  (memory (export "memory") 1)
  (func (export "ptr") (result i32) (i32.const 1024))
  (func (export "shout") (param $n i32) (result i64) (i64.extend_i32_s (i32.const 0x80000400)))
)
