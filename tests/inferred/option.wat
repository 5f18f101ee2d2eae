;; option.wat: makes dashes of spaces; a fourth argument must be zero, as where options of JavaScript are left out
(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (func $alloc (export "alloc") (param $n i32) (result i32)
    (global.get $top)
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $n)) (i32.const 7)) (i32.const 0xfff8))))
  (func (export "dashed") (param $area i32) (param $ptr i32) (param $n i32) (param $options i32)
    (local $out i32) (local $k i32) (local $c i32)
    (if (local.get $options) (then (unreachable)))
    ;; Both are in memory that was allocated.
    (if (i32.or (i32.lt_u (local.get $area) (i32.const 1024)) (i32.lt_u (local.get $ptr) (i32.const 1024))) (then (unreachable)))
    (if (i32.gt_u (i32.add (local.get $area) (i32.const 8)) (global.get $top)) (then (unreachable)))
    (if (i32.gt_u (i32.add (local.get $ptr) (local.get $n)) (global.get $top)) (then (unreachable)))
    (local.set $out (call $alloc (local.get $n)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $k) (local.get $n)))
        (local.set $c (i32.load8_u (i32.add (local.get $ptr) (local.get $k))))
        (i32.store8 (i32.add (local.get $out) (local.get $k))
          (select (i32.const 45) (local.get $c) (i32.eq (local.get $c) (i32.const 32))))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $area) (local.get $out))
    (i32.store offset=4 (local.get $area) (local.get $n))))
