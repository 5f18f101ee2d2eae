;; The guest keeps a count in a struct, whose address nobody has set: it writes at address 8.

(module
  (memory (export "memory") 1)
  (global (export "__heap_base") i32 (i32.const 4096))
  (global $counter (mut i32) (i32.const 0))
  (data (i32.const 1024) "a variable")
  (func (export "buffer") (result i32) (i32.const 2048))
  (func (export "shout") (param $n i32) (result i32)
    (i32.store offset=8 (global.get $counter) (local.get $n))
    (local.get $n))
)
