;; getters.wat: buffers for line and answer, and exports that return their addresses
;;
;; Converts a text to upper case. The guest has one buffer for texts and one for answers, and exports their addresses.
;;
;;   1. the host calls    input_ptr()      and writes the text there; input_size() bytes fit;
;;   2. the host calls    shout(n)         with the text's length;
;;   3. the host calls    output_ptr() and output_len(), and reads the answer.

(module
  (memory (export "memory") 1)

  ;; Each buffer has 4,096 bytes: texts from 0x1000 on, answers from 0x2000 on.
  (global $len (mut i32) (i32.const 0))

  (func (export "input_ptr") (result i32) (i32.const 0x1000))
  (func (export "input_size") (result i32) (i32.const 4096))
  (func (export "output_ptr") (result i32) (i32.const 0x2000))
  (func (export "output_len") (result i32) (global.get $len))

  ;; Copies a text with its letters a to z (97 to 122) in upper case, which is 32 less.
  (func $capitals (param $from i32) (param $len i32) (param $to i32)
    (local $c i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $len)))
        (local.set $c (i32.load8_u (local.get $from)))
        (i32.store8 (local.get $to)
          (i32.sub (local.get $c)
            (i32.shl (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26)) (i32.const 5))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br $next))))

  (func (export "shout") (param $n i32)
    (call $capitals (i32.const 0x1000) (local.get $n) (i32.const 0x2000))
    (global.set $len (local.get $n)))
)
