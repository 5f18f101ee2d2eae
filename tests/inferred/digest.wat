;; digest.wat: a context in the host's memory, three calls, and the digest inside the context
(module
  (memory (export "memory") 1)
  (func (export "begin") (param $context i32)
    (i32.store (local.get $context) (i32.const 0x5a5a))
    (i64.store offset=40 (local.get $context) (i64.const 0xcbf29ce484222325)))
  (func (export "feed") (param $context i32) (param $from i32) (param $to i32)
    (if (i32.ne (i32.load (local.get $context)) (i32.const 0x5a5a)) (then (unreachable)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        (i64.store offset=40 (local.get $context)
          (i64.mul (i64.const 0x100000001b3)
            (i64.xor (i64.load offset=40 (local.get $context)) (i64.load8_u (local.get $from)))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next))))
  (func (export "end") (param $context i32)
    (if (i32.ne (i32.load (local.get $context)) (i32.const 0x5a5a)) (then (unreachable)))
    (i64.store offset=40 (local.get $context)
      (i64.xor (i64.load offset=40 (local.get $context)) (i64.const 0x9e3779b97f4a7c15)))))
