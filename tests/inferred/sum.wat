;; sum.wat: the FNV hash of a text by three calls: one begins, one takes the text, one returns the hash.
(module
  (memory (export "memory") 1)
  (global $hash (mut i32) (i32.const 0))
  (func (export "init") (param $seed i32)
    (global.set $hash (i32.xor (i32.const 0x811c9dc5) (local.get $seed))))
  (func (export "update") (param $text i32) (param $n i32)
    (loop $next
      (if (local.get $n)
        (then
          (global.set $hash
            (i32.mul (i32.xor (global.get $hash) (i32.load8_u (local.get $text))) (i32.const 0x01000193)))
          (local.set $text (i32.add (local.get $text) (i32.const 1)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $next)))))
  (func (export "digest") (result i32)
    (global.get $hash)))
