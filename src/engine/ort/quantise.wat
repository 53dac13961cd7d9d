;; The rounding of fresh weights to 8 bits, sixteen numbers at a time, in the order of operations of onnx/quantised/weights.ts.
;; A matrix comes in strips of whole rows as they are stored. What stands behind the last number of a row is computed too and
;; overwritten by what is stored later, or lies in room left for it.
(module
  (import "memory" "memory" (memory 1))

  ;; Stored row by row: maxima[n] <- the largest |w[k][n] scales[k]|, as bits, by whose order NaN is the largest.
  (func (export "maximaOfColumns")
    (param $w i32) (param $rows i32) (param $columns i32) (param $scales i32) (param $maxima i32)
    (local $from i32) (local $at i32) (local $scale i32) (local $left i32) (local $end i32)
    (local $factor v128) (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $mask v128)
    (local.set $mask (i32x4.splat (i32.const 0x7fffffff)))
    (local.set $from (local.get $w))
    (local.set $columns (i32.shl (local.get $columns) (i32.const 2)))
    (local.set $end (i32.add (local.get $w) (local.get $columns)))
    (loop $columnsOf
      (local.set $a (v128.load (local.get $maxima)))
      (local.set $b (v128.load offset=16 (local.get $maxima)))
      (local.set $c (v128.load offset=32 (local.get $maxima)))
      (local.set $d (v128.load offset=48 (local.get $maxima)))
      (local.set $at (local.get $from))
      (local.set $scale (local.get $scales))
      (local.set $left (local.get $rows))
      (loop $rowsOf
        (local.set $factor (v128.load32_splat (local.get $scale)))
        (local.set $a (i32x4.max_s (local.get $a)
          (v128.and (local.get $mask) (f32x4.mul (v128.load (local.get $at)) (local.get $factor)))))
        (local.set $b (i32x4.max_s (local.get $b)
          (v128.and (local.get $mask) (f32x4.mul (v128.load offset=16 (local.get $at)) (local.get $factor)))))
        (local.set $c (i32x4.max_s (local.get $c)
          (v128.and (local.get $mask) (f32x4.mul (v128.load offset=32 (local.get $at)) (local.get $factor)))))
        (local.set $d (i32x4.max_s (local.get $d)
          (v128.and (local.get $mask) (f32x4.mul (v128.load offset=48 (local.get $at)) (local.get $factor)))))
        (local.set $at (i32.add (local.get $at) (local.get $columns)))
        (local.set $scale (i32.add (local.get $scale) (i32.const 4)))
        (br_if $rowsOf (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (v128.store (local.get $maxima) (local.get $a))
      (v128.store offset=16 (local.get $maxima) (local.get $b))
      (v128.store offset=32 (local.get $maxima) (local.get $c))
      (v128.store offset=48 (local.get $maxima) (local.get $d))
      (local.set $maxima (i32.add (local.get $maxima) (i32.const 64)))
      (br_if $columnsOf
        (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 64))) (local.get $end)))))

  ;; Stored column by column, each of $inner >= 4 numbers: maxima[n] <- the same for $count columns.
  (func (export "maximaOfTurned")
    (param $w i32) (param $count i32) (param $inner i32) (param $scales i32) (param $maxima i32)
    (local $at i32) (local $last i32) (local $scale i32) (local $lastScale i32) (local $most v128) (local $mask v128)
    (local.set $mask (i32x4.splat (i32.const 0x7fffffff)))
    (local.set $inner (i32.shl (local.get $inner) (i32.const 2)))
    (local.set $lastScale (i32.add (local.get $scales) (i32.sub (local.get $inner) (i32.const 16))))
    (loop $columnsOf
      (local.set $last (i32.add (local.get $w) (i32.sub (local.get $inner) (i32.const 16))))
      ;; The last four, some of which may come again.
      (local.set $most (v128.and (local.get $mask)
        (f32x4.mul (v128.load (local.get $last)) (v128.load (local.get $lastScale)))))
      (local.set $at (local.get $w))
      (local.set $scale (local.get $scales))
      (block $done
        (loop $next
          (br_if $done (i32.ge_u (local.get $at) (local.get $last)))
          (local.set $most (i32x4.max_s (local.get $most) (v128.and (local.get $mask)
            (f32x4.mul (v128.load (local.get $at)) (v128.load (local.get $scale))))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $scale (i32.add (local.get $scale) (i32.const 16)))
          (br $next)))
      (local.set $most (i32x4.max_s (local.get $most)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $most) (local.get $most))))
      (local.set $most (i32x4.max_s (local.get $most)
        (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $most) (local.get $most))))
      (i32.store (local.get $maxima) (i32x4.extract_lane 0 (local.get $most)))
      (local.set $maxima (i32.add (local.get $maxima) (i32.const 4)))
      (local.set $w (i32.add (local.get $w) (local.get $inner)))
      (br_if $columnsOf (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; Stored row by row: values[k][n] <- w[k][n] scales[k] inverses[n], rounded to the nearest, ties to even: 1.5 2^23 leaves no
  ;; room for what is behind the point.
  (func (export "roundRows")
    (param $w i32) (param $rows i32) (param $columns i32) (param $scales i32) (param $inverses i32) (param $values i32)
    (local $at i32) (local $end i32) (local $inverse i32) (local $value i32)
    (local $scale v128) (local $magic v128) (local $bits v128)
    (local.set $magic (f32x4.splat (f32.const 12582912)))
    (local.set $bits (local.get $magic))
    (loop $rowsOf
      (local.set $scale (v128.load32_splat (local.get $scales)))
      (local.set $at (local.get $w))
      (local.set $inverse (local.get $inverses))
      (local.set $value (local.get $values))
      (local.set $end (i32.add (local.get $values) (local.get $columns)))
      (loop $next
        (v128.store (local.get $value)
          (i8x16.narrow_i16x8_s
            (i16x8.narrow_i32x4_s
              (i32x4.sub
                (f32x4.add
                  (f32x4.mul (f32x4.mul (v128.load (local.get $at)) (local.get $scale)) (v128.load (local.get $inverse)))
                  (local.get $magic))
                (local.get $bits))
              (i32x4.sub
                (f32x4.add
                  (f32x4.mul (f32x4.mul (v128.load offset=16 (local.get $at)) (local.get $scale)) (v128.load offset=16 (local.get $inverse)))
                  (local.get $magic))
                (local.get $bits)))
            (i16x8.narrow_i32x4_s
              (i32x4.sub
                (f32x4.add
                  (f32x4.mul (f32x4.mul (v128.load offset=32 (local.get $at)) (local.get $scale)) (v128.load offset=32 (local.get $inverse)))
                  (local.get $magic))
                (local.get $bits))
              (i32x4.sub
                (f32x4.add
                  (f32x4.mul (f32x4.mul (v128.load offset=48 (local.get $at)) (local.get $scale)) (v128.load offset=48 (local.get $inverse)))
                  (local.get $magic))
                (local.get $bits)))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (local.set $inverse (i32.add (local.get $inverse) (i32.const 64)))
        (br_if $next
          (i32.lt_u (local.tee $value (i32.add (local.get $value) (i32.const 16))) (local.get $end))))
      (local.set $w (i32.add (local.get $w) (i32.shl (local.get $columns) (i32.const 2))))
      (local.set $scales (i32.add (local.get $scales) (i32.const 4)))
      (local.set $values (i32.add (local.get $values) (local.get $columns)))
      (br_if $rowsOf (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))

  ;; Stored column by column: rounded[n][k] <- w[n][k] scales[k] inverses[n], rounded in the same way, for $count columns; a row
  ;; of the result takes $stride bytes, $inner or a little more.
  (func (export "roundTurned")
    (param $w i32) (param $count i32) (param $inner i32) (param $scales i32) (param $inverses i32)
    (param $rounded i32) (param $stride i32)
    (local $at i32) (local $end i32) (local $scale i32) (local $value i32)
    (local $inverse v128) (local $magic v128) (local $bits v128)
    (local.set $magic (f32x4.splat (f32.const 12582912)))
    (local.set $bits (local.get $magic))
    (loop $columnsOf
      (local.set $inverse (v128.load32_splat (local.get $inverses)))
      (local.set $at (local.get $w))
      (local.set $scale (local.get $scales))
      (local.set $value (local.get $rounded))
      (local.set $end (i32.add (local.get $rounded) (local.get $inner)))
      (loop $next
        (v128.store (local.get $value)
          (i8x16.narrow_i16x8_s
            (i16x8.narrow_i32x4_s
              (i32x4.sub
                (f32x4.add
                  (f32x4.mul (f32x4.mul (v128.load (local.get $at)) (v128.load (local.get $scale))) (local.get $inverse))
                  (local.get $magic))
                (local.get $bits))
              (i32x4.sub
                (f32x4.add
                  (f32x4.mul (f32x4.mul (v128.load offset=16 (local.get $at)) (v128.load offset=16 (local.get $scale))) (local.get $inverse))
                  (local.get $magic))
                (local.get $bits)))
            (i16x8.narrow_i32x4_s
              (i32x4.sub
                (f32x4.add
                  (f32x4.mul (f32x4.mul (v128.load offset=32 (local.get $at)) (v128.load offset=32 (local.get $scale))) (local.get $inverse))
                  (local.get $magic))
                (local.get $bits))
              (i32x4.sub
                (f32x4.add
                  (f32x4.mul (f32x4.mul (v128.load offset=48 (local.get $at)) (v128.load offset=48 (local.get $scale))) (local.get $inverse))
                  (local.get $magic))
                (local.get $bits)))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (local.set $scale (i32.add (local.get $scale) (i32.const 64)))
        (br_if $next
          (i32.lt_u (local.tee $value (i32.add (local.get $value) (i32.const 16))) (local.get $end))))
      (local.set $w (i32.add (local.get $w) (i32.shl (local.get $inner) (i32.const 2))))
      (local.set $inverses (i32.add (local.get $inverses) (i32.const 4)))
      (local.set $rounded (i32.add (local.get $rounded) (local.get $stride)))
      (br_if $columnsOf (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; values[k][n] <- rounded[n][k], for sixteen n and all k, four of which are done at a time; a row of values has $columns.
  (func (export "turn")
    (param $rounded i32) (param $inner i32) (param $stride i32) (param $columns i32) (param $values i32)
    (local $from i32) (local $end i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $e v128) (local $f v128) (local $g v128) (local $h v128)
    (local.set $end (i32.add (local.get $rounded) (local.get $inner)))
    (loop $next
      (local.set $from (local.get $rounded))
      (local.set $a (v128.load32_zero (local.get $from)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $a (v128.load32_lane 1 (local.get $from) (local.get $a)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $a (v128.load32_lane 2 (local.get $from) (local.get $a)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $a (v128.load32_lane 3 (local.get $from) (local.get $a)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $a (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $a) (local.get $a)))
      (local.set $b (v128.load32_zero (local.get $from)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $b (v128.load32_lane 1 (local.get $from) (local.get $b)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $b (v128.load32_lane 2 (local.get $from) (local.get $b)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $b (v128.load32_lane 3 (local.get $from) (local.get $b)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $b (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $b) (local.get $b)))
      (local.set $c (v128.load32_zero (local.get $from)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $c (v128.load32_lane 1 (local.get $from) (local.get $c)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $c (v128.load32_lane 2 (local.get $from) (local.get $c)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $c (v128.load32_lane 3 (local.get $from) (local.get $c)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $c (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $c) (local.get $c)))
      (local.set $d (v128.load32_zero (local.get $from)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $d (v128.load32_lane 1 (local.get $from) (local.get $d)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $d (v128.load32_lane 2 (local.get $from) (local.get $d)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $d (v128.load32_lane 3 (local.get $from) (local.get $d)))
      (local.set $from (i32.add (local.get $from) (local.get $stride)))
      (local.set $d (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $d) (local.get $d)))
      (local.set $e (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b)))
      (local.set $f (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d)))
      (local.set $g (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b)))
      (local.set $h (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d)))
      (v128.store (local.get $values) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $e) (local.get $f)))
      (local.set $values (i32.add (local.get $values) (local.get $columns)))
      (v128.store (local.get $values) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $e) (local.get $f)))
      (local.set $values (i32.add (local.get $values) (local.get $columns)))
      (v128.store (local.get $values) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $g) (local.get $h)))
      (local.set $values (i32.add (local.get $values) (local.get $columns)))
      (v128.store (local.get $values) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $g) (local.get $h)))
      (local.set $values (i32.add (local.get $values) (local.get $columns)))
      (br_if $next (i32.lt_u (local.tee $rounded (i32.add (local.get $rounded) (i32.const 4))) (local.get $end)))))

  ;; What is around 0 is around 128 then, as uint8.
  (func (export "offset") (param $values i32) (param $bytes i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $values) (local.get $bytes)))
    (loop $next
      (v128.store (local.get $values)
        (v128.xor (v128.load (local.get $values)) (i8x16.splat (i32.const 0x80))))
      (br_if $next
        (i32.lt_u (local.tee $values (i32.add (local.get $values) (i32.const 16))) (local.get $end)))))

  ;; sums[n] <- the sum of factors[k] values[k][n], one k after the other.
  (func (export "columnSums")
    (param $values i32) (param $rows i32) (param $columns i32) (param $factors i32) (param $sums i32)
    (local $at i32) (local $end i32) (local $left i32) (local $factor i32) (local $by v128)
    (local $bytes v128) (local $low v128) (local $high v128) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $values) (local.get $columns)))
    (loop $columnsOf
      (local.set $a (v128.const i32x4 0 0 0 0))
      (local.set $b (local.get $a))
      (local.set $c (local.get $a))
      (local.set $d (local.get $a))
      (local.set $at (local.get $values))
      (local.set $factor (local.get $factors))
      (local.set $left (local.get $rows))
      (loop $rowsOf
        (local.set $by (v128.load32_splat (local.get $factor)))
        (local.set $bytes (v128.load (local.get $at)))
        (local.set $low (i16x8.extend_low_i8x16_s (local.get $bytes)))
        (local.set $high (i16x8.extend_high_i8x16_s (local.get $bytes)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $by)
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $low))))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $by)
          (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $low))))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $by)
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $high))))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $by)
          (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $high))))))
        (local.set $at (i32.add (local.get $at) (local.get $columns)))
        (local.set $factor (i32.add (local.get $factor) (i32.const 4)))
        (br_if $rowsOf (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (v128.store (local.get $sums) (local.get $a))
      (v128.store offset=16 (local.get $sums) (local.get $b))
      (v128.store offset=32 (local.get $sums) (local.get $c))
      (v128.store offset=48 (local.get $sums) (local.get $d))
      (local.set $sums (i32.add (local.get $sums) (i32.const 64)))
      (br_if $columnsOf
        (i32.lt_u (local.tee $values (i32.add (local.get $values) (i32.const 16))) (local.get $end))))))
