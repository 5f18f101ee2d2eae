;; pieces.wat: the answer goes to the host in pieces, each by a call of an import
(module
  (import "host" "emit" (func $emit (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "[]")
  (func (export "input") (result i32) (i32.const 1024))
  (func (export "brackets") (param $n i32) (local $from i32) (local $at i32)
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (local.get $at) (local.get $n)))
        (if (i32.or (i32.eq (local.get $at) (local.get $n))
                    (i32.eq (i32.load8_u offset=1024 (local.get $at)) (i32.const 32)))
          (then
            (call $emit (i32.const 8) (i32.const 1))
            (call $emit (i32.add (i32.const 1024) (local.get $from)) (i32.sub (local.get $at) (local.get $from)))
            (call $emit (i32.const 9) (i32.const 1))
            (local.set $from (i32.add (local.get $at) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))))
