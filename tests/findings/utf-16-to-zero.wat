;; The answer is UTF-16, and the recipe reads up to the first zero byte, which is half of the first character.

(module
  (memory (export "memory") 1)
  (func (export "buffer") (result i32) (i32.const 1024))
  (func $copy (param $from i32) (param $n i32) (param $to i32)
    (local $i i32)
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (i32.store16 (i32.add (local.get $to) (i32.shl (local.get $i) (i32.const 1)))
          (i32.load8_u (i32.add (local.get $from) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))))
  (func (export "shout") (param $n i32) (result i32)
    (call $copy (i32.const 1024) (local.get $n) (i32.const 4096))
    (i32.const 4096))
)
