;; The guest returns a pointer that a host gave it: an address in the memory of the host's process.

(module
  (memory (export "memory") 1)
  (func (export "ptr") (result i32) (i32.const 1024))
  (func (export "shout") (param $n i32) (result i64) (i64.const 0x7ffd12345678))
)
