;; The update of a parameter in one pass over memory, four float32 at a time. Every operation rounds by itself, in the order
;; in which adamw.ts and sgd.ts write them as ONNX nodes, so the result is the same bit for bit.
;; $bytes is a multiple of 16; what stands behind a tensor's end is zero and stays zero.
(module
  (import "memory" "memory" (memory 1))

  ;; p <- p decay - (m / (sqrt(v) + epsilon)) step, with m <- m beta1 + g and v <- v beta2 + g g
  (func (export "adamw")
    (param $p i32) (param $g i32) (param $m i32) (param $v i32) (param $bytes i32)
    (param $decay f32) (param $step f32) (param $epsilon f32) (param $beta1 f32) (param $beta2 f32)
    (local $end i32) (local $gradient v128) (local $first v128) (local $second v128)
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $gradient (v128.load (local.get $g)))
        (local.set $first
          (f32x4.add
            (f32x4.mul (v128.load (local.get $m)) (f32x4.splat (local.get $beta1)))
            (local.get $gradient)))
        (v128.store (local.get $m) (local.get $first))
        (local.set $second
          (f32x4.add
            (f32x4.mul (v128.load (local.get $v)) (f32x4.splat (local.get $beta2)))
            (f32x4.mul (local.get $gradient) (local.get $gradient))))
        (v128.store (local.get $v) (local.get $second))
        (v128.store (local.get $p)
          (f32x4.sub
            (f32x4.mul (v128.load (local.get $p)) (f32x4.splat (local.get $decay)))
            (f32x4.mul
              (f32x4.div
                (local.get $first)
                (f32x4.add (f32x4.sqrt (local.get $second)) (f32x4.splat (local.get $epsilon))))
              (f32x4.splat (local.get $step)))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (br $next))))

  ;; p <- p - v rate, with v <- v momentum + (g + p decay)
  (func (export "sgd")
    (param $p i32) (param $g i32) (param $v i32) (param $bytes i32)
    (param $decay f32) (param $rate f32) (param $momentum f32)
    (local $end i32) (local $velocity v128)
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $velocity
          (f32x4.add
            (f32x4.mul (v128.load (local.get $v)) (f32x4.splat (local.get $momentum)))
            (f32x4.add
              (v128.load (local.get $g))
              (f32x4.mul (v128.load (local.get $p)) (f32x4.splat (local.get $decay))))))
        (v128.store (local.get $v) (local.get $velocity))
        (v128.store (local.get $p)
          (f32x4.sub
            (v128.load (local.get $p))
            (f32x4.mul (local.get $velocity) (f32x4.splat (local.get $rate)))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (br $next)))))
