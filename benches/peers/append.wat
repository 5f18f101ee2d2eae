;; append.wat: appends to a line of up to 2 MB, in place; the convention is `packed`
(module
  (memory (export "memory") 32)
  (data (i32.const 0) " Wasm is cool!")
  ;; Every line is written to the same place.
  (func (export "alloc") (param i32) (result i32) (i32.const 64))
  (func (export "append") (param $ptr i32) (param $len i32) (result i64)
    (memory.copy (i32.add (local.get $ptr) (local.get $len)) (i32.const 0) (i32.const 14))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32))
      (i64.extend_i32_u (i32.add (local.get $len) (i32.const 14))))))
