;; state.wat: counts letters in a block of memory that the caller provides: one call begins, one takes the text, one ends.
(module
  (memory (export "memory") 1)
  (func (export "init") (param $state i32)
    (i32.store (local.get $state) (i32.const 0x77))
    (i32.store offset=4 (local.get $state) (i32.const 0)))
  (func (export "update") (param $state i32) (param $text i32) (param $n i32)
    (if (i32.ne (i32.load (local.get $state)) (i32.const 0x77)) (then unreachable))
    (loop $next
      (if (local.get $n)
        (then
          (i32.store offset=4 (local.get $state)
            (i32.add (i32.load offset=4 (local.get $state))
              (i32.mul (i32.load8_u (local.get $text)) (i32.const 1009))))
          (local.set $text (i32.add (local.get $text) (i32.const 1)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $next)))))
  (func (export "final") (param $state i32) (result i32)
    (i32.load offset=4 (local.get $state))))
