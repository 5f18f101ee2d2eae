;; wapc.wat: a waPC guest with one operation, `shout`, which answers in capitals.
(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (import "wapc" "__console_log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello\00shout\00no such operation")
  ;; The operation is at 256, the payload at 512.
  (func (export "__guest_call") (param $operation i32) (param $n i32) (result i32)
    (local $i i32)
    (local $c i32)
    (call $log (i32.const 16) (i32.const 5))
    (call $request (i32.const 256) (i32.const 512))
    (if (i32.or
          (i32.ne (local.get $operation) (i32.const 5))
          (i64.ne (i64.and (i64.load (i32.const 256)) (i64.const 0xffffffffff))
            (i64.and (i64.load (i32.const 22)) (i64.const 0xffffffffff))))
      (then
        (call $error (i32.const 28) (i32.const 17))
        (return (i32.const 0))))
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $n))
        (then
          (local.set $c (i32.load8_u offset=512 (local.get $i)))
          (if (i32.and (i32.ge_u (local.get $c) (i32.const 97)) (i32.le_u (local.get $c) (i32.const 122)))
            (then (i32.store8 offset=512 (local.get $i) (i32.sub (local.get $c) (i32.const 32)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next))))
    (call $response (i32.const 512) (local.get $n))
    (i32.const 1)))
