;; mode.wat: what it does with a text depends on a number: 17 doubles each letter, 30 puts a dash between letters.
(module
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  (func (export "alloc") (param $n i32) (result i32)
    (local $block i32)
    (local.set $block (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $n)))
    (local.get $block))
  (func $join (param $from i32) (param $n i32) (param $to i32) (param $mode i32)
    (local $i i32)
    (local $c i32)
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $n))
        (then
          (local.set $c (i32.load8_u (i32.add (local.get $from) (local.get $i))))
          (i32.store8 (i32.add (local.get $to) (i32.mul (local.get $i) (i32.const 2))) (local.get $c))
          (i32.store8 offset=1 (i32.add (local.get $to) (i32.mul (local.get $i) (i32.const 2)))
            (select (local.get $c) (i32.const 45) (i32.eq (local.get $mode) (i32.const 17))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next)))))
  ;; The answer's address in the high half, its length in the low one; 0 if there is no such mode.
  (func (export "convert") (param $text i32) (param $n i32) (param $mode i32) (result i64)
    (if (i32.and (i32.ne (local.get $mode) (i32.const 17)) (i32.ne (local.get $mode) (i32.const 30)))
      (then (return (i64.const 0))))
    (call $join (local.get $text) (local.get $n) (i32.const 32768) (local.get $mode))
    (i64.or
      (i64.shl (i64.const 32768) (i64.const 32))
      (i64.extend_i32_u (i32.mul (local.get $n) (i32.const 2))))))
