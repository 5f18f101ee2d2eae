;; A local array of 3,072 bytes on a stack of 2,048: its beginning is in the variables below the stack.

(module
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 4096))
  (global (export "__data_end") i32 (i32.const 2048))
  (data $.data (i32.const 1024) "the variables of the module")
  (func (export "buffer") (result i32) (i32.const 16384))
  (func (export "shout") (param $n i32) (result i32)
    (local $scratch i32) (local $i i32)
    (local.set $scratch (i32.sub (global.get $sp) (i32.const 3072)))
    (loop $next
      (i32.store8 (i32.add (local.get $scratch) (local.get $i)) (i32.const 120))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 3072))))
    (local.get $n))
)
