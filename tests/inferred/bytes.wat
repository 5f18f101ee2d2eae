;; bytes.wat: the guest asks for the line byte by byte, and hands the answer over so
(module
  (import "host" "get" (func $get (result i32)))
  (import "host" "put" (func $put (param i32)))
  (memory (export "memory") 1)
  (func (export "run") (local $c i32)
    (block $done
      (loop $next
        (br_if $done (i32.lt_s (local.tee $c (call $get)) (i32.const 0)))
        (call $put (local.get $c))
        (if (i32.eq (local.get $c) (i32.const 32)) (then (call $put (i32.const 45))))
        (br $next)))
    (call $put (i32.const 33))))
