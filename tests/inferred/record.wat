;; record.wat: one structure for line and answer: a length, a capacity that must stay as it is, and the text
(module
  (memory (export "memory") 1)
  (data (i32.const 1024) "\00\00\00\00\f8\03\00\00")
  (func (export "record") (result i32) (i32.const 1024))
  (func (export "double") (result i32) (local $n i32) (local $k i32)
    (if (i32.ne (i32.load (i32.const 1028)) (i32.const 1016)) (then (unreachable)))
    (local.set $n (i32.load (i32.const 1024)))
    (if (i32.gt_u (i32.mul (local.get $n) (i32.const 2)) (i32.const 1016)) (then (return (i32.const -1))))
    (local.set $k (local.get $n))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $k)))
        (local.set $k (i32.sub (local.get $k) (i32.const 1)))
        (i32.store16 (i32.add (i32.const 1032) (i32.mul (local.get $k) (i32.const 2)))
          (i32.mul (i32.load8_u offset=1032 (local.get $k)) (i32.const 257)))
        (br $next)))
    (i32.store (i32.const 1024) (i32.mul (local.get $n) (i32.const 2)))
    (i32.const 0)))
