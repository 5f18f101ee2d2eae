;; The line's block is not pinned: the collector of this guest takes it for free as soon as the guest allocates again,
;; which open() does.

(module
  (memory (export "memory") 1)
  (func $new (export "__new") (param $n i32) (param $class i32) (result i32) (i32.const 1024))
  (func (export "open")
    (memory.fill (call $new (i32.const 6) (i32.const 1)) (i32.const 45) (i32.const 6)))
  (func (export "shout") (param $p i32) (result i32) (local.get $p))
)
