;; fixed-region.wat: no allocator; line and answer at an address both sides know
;;
;; Converts a text to upper case. There is no allocator: host and guest agree on an address.
;;
;;   1. the host writes   the text at the agreed address, here that of the exported global __heap_base, and grows the
;;                        memory first if there is too little after it;
;;   2. the host calls    shout(address, n)    which changes the text in place, and returns the answer's length;
;;   3. the host reads    that many bytes from the same address.
;;
;; __heap_base is the address after everything that the compiler placed in memory: static data and the stack. A host
;; that writes below it overwrites them without an error. The text at 0x10 is there to try that.

(module
  (memory (export "memory") 1)
  (data (i32.const 0x10) "do not write here")
  (global (export "__heap_base") i32 (i32.const 1024))

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

  (func (export "shout") (param $ptr i32) (param $len i32) (result i32)
    (call $capitals (local.get $ptr) (local.get $len) (local.get $ptr))
    (local.get $len))
)
