;; The host writes the line, and then calls a function that uses the line's buffer for its own text.

(module
  (memory (export "memory") 1)
  (data (i32.const 2048) "version 3")
  (func (export "buffer") (result i32) (i32.const 1024))
  (func (export "version") (result i32)
    (memory.copy (i32.const 1024) (i32.const 2048) (i32.const 9))
    (i32.const 3))
  ;; Answers with the line in capitals, elsewhere.
  (func (export "shout") (param $n i32) (result i32)
    (local $i i32)
    (loop $next
      (i32.store8 offset=4096 (local.get $i)
        (i32.and (i32.load8_u offset=1024 (local.get $i)) (i32.const 0xdf)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (i32.const 4096))
)
