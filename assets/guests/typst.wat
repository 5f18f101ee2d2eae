;; typst.wat: a Typst plugin: fetches its argument, sends its answer
;;
;; Converts a text to upper case, as a Typst plugin does: it fetches its argument, and sends its answer.
;;
;;   1. the host calls    shout(n)                                                  with only the text's length;
;;   2. the guest calls   typst_env.wasm_minimal_protocol_write_args_to_buffer(pointer)      the host writes there;
;;   3. the guest calls   typst_env.wasm_minimal_protocol_send_result_to_host(pointer, length)   the host reads;
;;   4. the guest returns 0 if that was the answer, or 1 if it was an error message.
;;
;; Here, an empty text is an error.

(module
  (import "typst_env" "wasm_minimal_protocol_write_args_to_buffer" (func $fetch (param $ptr i32)))
  (import "typst_env" "wasm_minimal_protocol_send_result_to_host" (func $send (param $ptr i32) (param $len i32)))

  (memory (export "memory") 1)
  (data (i32.const 16) "there is no text")

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

  (func (export "shout") (param $n i32) (result i32)
    (if (i32.eqz (local.get $n))
      (then
        (call $send (i32.const 16) (i32.const 16))
        (return (i32.const 1))))
    ;; The text begins at 1024. If memory is too small, it grows.
    (if (i32.gt_u (local.get $n) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 1024)))
      (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $n) (i32.const 16)))))))
    (call $fetch (i32.const 1024))
    (call $capitals (i32.const 1024) (local.get $n) (i32.const 1024))
    (call $send (i32.const 1024) (local.get $n))
    (i32.const 0))
)
