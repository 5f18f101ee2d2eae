;; callback.wat: passes its answer, and a message, to functions of the host
;;
;; Converts a text to upper case, and passes it to the host: a function that the module imports takes the answer.
;;
;;   1. the host calls    alloc(n)             for n bytes of the guest's memory, and writes the text there;
;;   2. the host calls    shout(pointer, n);
;;   3. the guest calls   env.log(pointer, length)       to send a message that is not part of the answer;
;;   4. the guest calls   env.result(pointer, length)    with the answer, which the host reads before it returns;
;;   5. the host frees    the text: dealloc(pointer, n).
;;
;; An import is a function of the host, and the only way out of the sandbox. The host gets two numbers, and
;; looks into the guest's memory to see what they mean.

(module
  (import "env" "log" (func $log (param $ptr i32) (param $len i32)))
  (import "env" "result" (func $result (param $ptr i32) (param $len i32)))

  (memory (export "memory") 1)
  (data (i32.const 16) "shouting")

  ;; Memory is allocated from here upwards. When no block is in use, all of it is free again.
  (global $top (mut i32) (i32.const 1024))
  (global $in_use (mut i32) (i32.const 0))

  (func $alloc (export "alloc") (param $len i32) (result i32)
    (local $ptr i32) (local $end i32)
    (local.set $ptr (global.get $top))
    (local.set $end (i32.add (local.get $ptr) (local.get $len)))
    ;; If memory is too small, it grows by as many pages of 65,536 bytes as are needed.
    (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
      (then
        (if (i32.eq (i32.const -1)
              (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $len) (i32.const 16)))))
          ;; Memory cannot grow that far: return a null pointer.
          (then (return (i32.const 0))))))
    (global.set $top (local.get $end))
    (global.set $in_use (i32.add (global.get $in_use) (i32.const 1)))
    (local.get $ptr))

  (func (export "dealloc") (param $ptr i32) (param $len i32)
    (if (i32.eqz (local.get $ptr)) (then (return)))
    (global.set $in_use (i32.sub (global.get $in_use) (i32.const 1)))
    (if (i32.eqz (global.get $in_use))
      (then (global.set $top (i32.const 1024)))))

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

  (func (export "shout") (param $ptr i32) (param $len i32)
    (call $log (i32.const 16) (i32.const 8))
    (call $capitals (local.get $ptr) (local.get $len) (local.get $ptr))
    (call $result (local.get $ptr) (local.get $len)))
)
