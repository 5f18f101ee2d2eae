;; A buffer of 16 bytes with a counter after it. The guest writes a zero byte after the text, also after one of 16 bytes.

(module
  (memory (export "memory") 1)
  (func (export "buffer") (result i32) (i32.const 1024))
  (func (export "buffer_size") (result i32) (i32.const 16))
  (func (export "shout") (param $n i32) (result i32)
    (local $i i32) (local $c i32)
    (i32.store offset=1040 (i32.const 0) (i32.add (i32.load offset=1040 (i32.const 0)) (i32.const 1)))
    (loop $next
      (local.set $c (i32.and (i32.load8_u offset=1024 (local.get $i)) (i32.const 0xdf)))
      (i32.store8 offset=1024 (local.get $i)
        (select (i32.const 0) (local.get $c) (i32.eq (local.get $i) (local.get $n))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $i) (local.get $n))))
    (local.get $n))
)
