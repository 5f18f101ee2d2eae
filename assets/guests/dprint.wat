;; dprint.wat: a dprint plugin: a formatter
;;
;; Converts a text to upper case, with the exports of a dprint plugin (version 4).
;;
;; All texts pass through one buffer, the shared bytes:
;;
;;   1. the host calls    clear_shared_bytes(n)      for n bytes, and writes there, first its settings, then
;;                        register_config(1)         which registers them as number 1;
;;   2. the host calls    clear_shared_bytes(n)      again for the file's name, then set_file_path();
;;   3. the host calls    clear_shared_bytes(n)      again for the text, then
;;                        format(1)                  which returns 0: no change, 1: changed, 2: an error;
;;   4. the host calls    get_formatted_text()       or get_error_text(): each writes the text to the shared bytes and
;;                                                   returns its length; get_shared_bytes_ptr() returns their address.
;;
;; So with 0, the answer is the text itself. Here, a text with a ! is an error.

(module
  (memory (export "memory") 1)

  (data (i32.const 16) "it is loud already")
  (global $len (mut i32) (i32.const 0))

  (func (export "dprint_plugin_version_4") (result i32) (i32.const 4))

  ;; The shared bytes: from 1024 on, as many as the last call requested.
  (func (export "get_shared_bytes_ptr") (result i32) (i32.const 1024))
  (func (export "clear_shared_bytes") (param $n i32) (result i32)
    (if (i32.gt_u (local.get $n) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 1024)))
      (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $n) (i32.const 16)))))))
    (memory.fill (i32.const 1024) (i32.const 0) (local.get $n))
    (global.set $len (local.get $n))
    (i32.const 1024))

  (func (export "register_config") (param $id i32))
  (func (export "set_file_path"))

  (func (export "format") (param $id i32) (result i32)
    (local $i i32) (local $c i32) (local $changed i32)
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $i) (global.get $len)))
        (local.set $c (i32.load8_u offset=1024 (local.get $i)))
        (if (i32.eq (local.get $c) (i32.const 33)) (then (return (i32.const 2))))
        ;; The upper case of a to z (97 to 122) is 32 less.
        (if (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26))
          (then
            (i32.store8 offset=1024 (local.get $i) (i32.sub (local.get $c) (i32.const 32)))
            (local.set $changed (i32.const 1))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $changed))

  (func (export "get_formatted_text") (result i32) (global.get $len))
  (func (export "get_error_text") (result i32)
    (memory.copy (i32.const 1024) (i32.const 16) (i32.const 18))
    (i32.const 18))
)
