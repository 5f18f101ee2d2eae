;; assemblyscript.wat: AssemblyScript strings, and its abort
;;
;; Converts a text to upper case, with the exports and the memory layout of AssemblyScript modules.
;;
;;   1. the host calls    __new(bytes, 2)      for an object of class 2, a string, and writes the text there, in UTF-16;
;;   2. the host calls    __pin(pointer)       so that the garbage collector does not free it;
;;   3. the host calls    shout(pointer)       which returns the answer: another such object;
;;   4. the host reads    the number of four bytes before the answer, its length in bytes, then the answer;
;;   5. the host calls    __unpin(pointer)     for both.
;;
;; An empty text is an error: the guest calls env.abort(message, file, line, column) and traps. Message and file are
;; strings like any other, so the host can report what went wrong.

(module
  (import "env" "abort" (func $abort (param $message i32) (param $file i32) (param $line i32) (param $column i32)))

  (memory (export "memory") 1)
  ;; The class and the length of an object precede it: (.. class, length, bytes ..).
  (data (i32.const 0x20) "\02\00\00\00" "\1c\00\00\00"
    "n\00o\00 \00t\00e\00x\00t\00 \00a\00t\00 \00a\00l\00l\00")
  (data (i32.const 0x50) "\02\00\00\00" "\10\00\00\00" "s\00h\00o\00u\00t\00.\00t\00s\00")

  (global (export "__rtti_base") i32 (i32.const 0x70))
  ;; Objects are allocated from here upwards. There is no real collector: when no object is pinned, all are freed.
  (global $top (mut i32) (i32.const 1024))
  (global $pinned (mut i32) (i32.const 0))

  (func $new (export "__new") (param $len i32) (param $class i32) (result i32)
    (local $object i32) (local $end i32)
    (local.set $object (i32.add (global.get $top) (i32.const 8)))
    (local.set $end (i32.add (local.get $object) (local.get $len)))
    (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
      (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $len) (i32.const 16)))))))
    (i32.store (i32.sub (local.get $object) (i32.const 8)) (local.get $class))
    (i32.store (i32.sub (local.get $object) (i32.const 4)) (local.get $len))
    ;; The next object begins at a multiple of four.
    (global.set $top (i32.and (i32.add (local.get $end) (i32.const 3)) (i32.const -4)))
    (local.get $object))

  (func (export "__pin") (param $object i32) (result i32)
    (global.set $pinned (i32.add (global.get $pinned) (i32.const 1)))
    (local.get $object))

  (func (export "__unpin") (param $object i32)
    (global.set $pinned (i32.sub (global.get $pinned) (i32.const 1)))
    (if (i32.eqz (global.get $pinned)) (then (global.set $top (i32.const 1024)))))

  (func (export "__collect"))

  (func (export "shout") (param $text i32) (result i32)
    (local $out i32) (local $len i32) (local $i i32) (local $c i32)
    (local.set $len (i32.load (i32.sub (local.get $text) (i32.const 4))))
    (if (i32.eqz (local.get $len))
      (then
        (call $abort (i32.const 0x28) (i32.const 0x58) (i32.const 3) (i32.const 5))
        (unreachable)))
    (local.set $out (call $new (local.get $len) (i32.const 2)))
    (loop $next
      ;; Most characters are one unit of two bytes.
      (local.set $c (i32.load16_u (i32.add (local.get $text) (local.get $i))))
      (i32.store16 (i32.add (local.get $out) (local.get $i))
        (i32.sub (local.get $c)
          (i32.shl (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26)) (i32.const 5))))
      (local.set $i (i32.add (local.get $i) (i32.const 2)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $len))))
    (local.get $out))
)
