;; passing-data.wat: a static buffer; answers with " Wasm is cool!" after the line
;;
;; A WebAssembly module cannot be handed a string. Its functions take and return numbers; everything else
;; goes through its linear memory: one long row of bytes, numbered from 0, that the guest and its host both
;; read and write. So the two must agree on where the bytes are and how many there are. Here they agree on this:
;;
;;   1. the host asks     get_wasm_memory_buffer_len()      how many bytes fit in the guest's buffer;
;;   2. the host asks     get_wasm_memory_buffer_pointer()  at which address the buffer begins;
;;   3. the host writes   its text into memory, from that address on;
;;   4. the host calls    add_wasm_is_cool(length of the text), which returns the length of the answer;
;;   5. the host asks     get_wasm_memory_buffer_pointer()  again, since a buffer may move;
;;   6. the host reads    that many bytes, from that address on.

(module
  ;; One page of linear memory: 65,536 bytes, all zero at first. Exported, so that the host can reach it.
  (memory (export "memory") 1)

  ;; The text to add: 14 bytes, copied to address 0x400 (1024) when the module is instantiated.
  (data (i32.const 0x400) " Wasm is cool!")

  ;; The buffer: 1,024 bytes from address 0x410 (1040) on, up to but not including 0x810.
  ;; Nothing in memory marks the buffer. It is one because this module uses these bytes for nothing else.
  (global $buffer i32 (i32.const 0x410))
  (global $buffer_len i32 (i32.const 1024))

  ;; Where the buffer begins. An address is an i32 like any other number.
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    global.get $buffer)

  ;; How many bytes the buffer holds. Text and answer share it.
  (func (export "get_wasm_memory_buffer_len") (result i32)
    global.get $buffer_len)

  ;; Appends the constant text to the text in the buffer. Takes the length of the text in bytes, and returns the
  ;; length of the answer in bytes, or -1 if the answer would not fit; then memory does not change.
  (func (export "add_wasm_is_cool") (param $len i32) (result i32)
    ;; The longest text that fits has 1024 - 14 = 1010 bytes. The comparison is
    ;; unsigned (_u), so that a length of -1 counts as a very large number.
    (i32.gt_u
      (local.get $len)
      (i32.sub (global.get $buffer_len) (i32.const 14)))
    if
      i32.const -1
      return
    end

    ;; Copy the 14 bytes at 0x400 to the end of the text.
    (memory.copy
      (i32.add (global.get $buffer) (local.get $len))   ;; to here
      (i32.const 0x400)                                 ;; from there
      (i32.const 14))                                   ;; this many

    ;; The answer is both texts.
    (i32.add (local.get $len) (i32.const 14)))
)
