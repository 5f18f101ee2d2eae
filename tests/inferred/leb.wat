;; leb.wat: the answer has its length in front of it, in LEB128; the line is passed as its start and its end
(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 4096))
  (func (export "room") (param i32) (result i32)
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (local.get 0))))
  (func (export "stars") (param $from i32) (param $to i32) (result i32) (local $out i32) (local $at i32) (local $n i32)
    (local.set $n (i32.mul (i32.const 2) (i32.sub (local.get $to) (local.get $from))))
    (local.set $out (global.get $top))
    (local.set $at (local.get $out))
    (block $done
      (loop $more
        (br_if $done (i32.lt_u (local.get $n) (i32.const 128)))
        (i32.store8 (local.get $at) (i32.or (i32.const 128) (i32.and (local.get $n) (i32.const 127))))
        (local.set $n (i32.shr_u (local.get $n) (i32.const 7)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $more)))
    (i32.store8 (local.get $at) (local.get $n))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $from) (local.get $to)))
        (i32.store8 (local.get $at) (i32.load8_u (local.get $from)))
        (i32.store8 offset=1 (local.get $at) (i32.const 42))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (global.set $top (local.get $at))
    (local.get $out)))
