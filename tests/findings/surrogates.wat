;; The guest encodes each UTF-16 unit of an emoji by itself: six bytes, which are not UTF-8.

(module
  (memory (export "memory") 1)
  (data (i32.const 1024) "\ed\a0\bd\ed\b8\80")
  (func (export "buffer") (result i32) (i32.const 4096))
  (func (export "shout") (param $n i32) (result i32)
    (memory.copy (i32.add (i32.const 4096) (local.get $n)) (i32.const 1024) (i32.const 6))
    (i32.add (local.get $n) (i32.const 6)))
)
