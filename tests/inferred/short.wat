;; short.wat: texts have their length in front of them, in one byte
(module
  (memory (export "memory") 1)
  (func (export "in") (result i32) (i32.const 1024))
  (func (export "out") (result i32) (i32.const 2048))
  (func (export "reverse") (local $n i32) (local $k i32)
    (local.set $n (i32.load8_u (i32.const 1024)))
    (i32.store8 (i32.const 2048) (local.get $n))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $k) (local.get $n)))
        (i32.store8 (i32.add (i32.const 2049) (local.get $k))
          (i32.load8_u (i32.sub (i32.add (i32.const 1024) (local.get $n)) (local.get $k))))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br $next)))))
