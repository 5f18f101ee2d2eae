;; The guest fills a part of a block that the host allocated, and the host reads all of it.

(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (func (export "alloc") (param $n i32) (result i32)
    (local $p i32)
    (local.set $p (global.get $top))
    (global.set $top (i32.add (local.get $p) (local.get $n)))
    (local.get $p))
  (func (export "shout") (param $p i32) (param $n i32) (param $out i32)
    (memory.copy (local.get $out) (local.get $p) (local.get $n)))
)
