;; extism.wat: an Extism plug-in that reverses a text: it reads and writes the host's memory byte by byte.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (memory (export "memory") 1)
  (func (export "reverse") (result i32)
    (local $n i64)
    (local $i i64)
    (local $block i64)
    (local.set $n (call $input_length))
    (local.set $block (call $alloc (local.get $n)))
    (if (i64.ne (call $length (local.get $block)) (local.get $n))
      (then
        (call $error_set (local.get $block))
        (return (i32.const 1))))
    (loop $next
      (if (i64.lt_u (local.get $i) (local.get $n))
        (then
          (call $store_u8 (i64.add (local.get $block) (local.get $i))
            (call $input_load_u8 (i64.sub (i64.sub (local.get $n) (local.get $i)) (i64.const 1))))
          (local.set $i (i64.add (local.get $i) (i64.const 1)))
          (br $next))))
    (call $output_set (local.get $block) (local.get $n))
    (i32.const 0)))
