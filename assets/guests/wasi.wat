;; wasi.wat: a program that reads its standard input (WASI preview 1)
;;
;; Reads its standard input, and writes it to its standard output in upper case.
;;
;;   1. the host makes    a fresh instance for each line, and calls _start;
;;   2. the guest calls   fd_read(0, buffers, 1, count)     for more of the line, until its end;
;;   3. the guest calls   fd_write(1, buffers, 1, count)    with the converted text, which is the answer;
;;   4. the guest returns from _start, or exits with proc_exit.
;;
;; Two numbers in memory describe a buffer: its address and its length. It writes a message to standard error (2).

(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param $fd i32) (param $buffers i32) (param $how_many i32) (param $count i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $buffers i32) (param $how_many i32) (param $count i32) (result i32)))

  (memory (export "memory") 1)
  ;; The list of buffers, of which there is one: { address, length }. The count of bytes read or written follows it.
  (global $buffers i32 (i32.const 0))
  (global $count i32 (i32.const 8))
  ;; The buffer: 4,096 bytes from here on.
  (global $buffer i32 (i32.const 1024))

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

  ;; Reads and writes take the same arguments.
  (func $describe (param $len i32)
    (i32.store (global.get $buffers) (global.get $buffer))
    (i32.store offset=4 (global.get $buffers) (local.get $len)))

  (func (export "_start")
    (local $len i32)
    (block $done
      (loop $more
        (call $describe (i32.const 4096))
        ;; The result is an error number, 0 for none. The number of bytes is in memory.
        (br_if $done (call $fd_read (i32.const 0) (global.get $buffers) (i32.const 1) (global.get $count)))
        (local.set $len (i32.load (global.get $count)))
        (br_if $done (i32.eqz (local.get $len)))
        (call $capitals (global.get $buffer) (local.get $len) (global.get $buffer))
        (call $describe (local.get $len))
        (br_if $done (call $fd_write (i32.const 1) (global.get $buffers) (i32.const 1) (global.get $count)))
        (br $more))))
)
