// The product: gathered rows times packed fp16 weights, in tiles whose sums stay in registers. Part of kernels_body.h.
//
// Every output is summed over the inputs from first to last, whatever the tile: results do not depend on how many rows
// are computed together.

#define CK_VECTORS (CK_PANEL / CK_WIDTH)
#define CK_MOST_VECTORS (CK_WIDEST * CK_VECTORS)
// How far ahead weights are fetched, in halves: what a few hundred cycles take.
#define CK_AHEAD 1024

/// Where the rows of a tile lie.
typedef struct {
  const float *from[CK_ROWS];
  float *to[CK_ROWS];
} tile_rows;

/// One register tile: `rows` rows by `wide` panels, `stride` apart; `columns` of their columns exist.
CK_INLINE void tile(const int rows, const int wide, const tile_rows *at, size_t depth, const uint16_t *panels,
                    size_t stride, const float *bias, size_t columns) {
  const int vectors = wide * CK_VECTORS;
  vector sum[CK_ROWS][CK_MOST_VECTORS];
  CK_UNROLL for (int r = 0; r < rows; r++) {
    CK_UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = splat(0);
  }
  // Not unrolled: the compiler would mix the steps and run out of registers.
  _Pragma("clang loop unroll(disable)") for (size_t k = 0; k < depth; k++) {
    vector weight[CK_MOST_VECTORS];
    CK_UNROLL for (int p = 0; p < wide; p++) {
      const uint16_t *panel = panels + p * stride + k * CK_PANEL;
      __builtin_prefetch(panel + CK_AHEAD);
      CK_UNROLL for (int v = 0; v < CK_VECTORS; v++) weight[p * CK_VECTORS + v] = widen(panel + v * CK_WIDTH);
    }
    CK_UNROLL for (int r = 0; r < rows; r++) {
      vector x = splat(at->from[r][k]);
      CK_UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = multiply_add(x, weight[v], sum[r][v]);
    }
  }
  if (columns >= (size_t)wide * CK_PANEL) {
    CK_UNROLL for (int r = 0; r < rows; r++) {
      CK_UNROLL for (int v = 0; v < vectors; v++) {
        store(at->to[r] + v * CK_WIDTH, sum[r][v] + load(bias + v * CK_WIDTH));
      }
    }
  } else {
    float row[CK_WIDEST * CK_PANEL];
    CK_UNROLL for (int r = 0; r < rows; r++) {
      CK_UNROLL for (int v = 0; v < vectors; v++) {
        store(row + v * CK_WIDTH, sum[r][v] + load(bias + v * CK_WIDTH));
      }
      memcpy(at->to[r], row, columns * sizeof(float));
    }
  }
}

/// `wide` panels (a constant after inlining), `stride` apart, of the product for all rows.
CK_INLINE void tiles(const int wide, ck_rows input, ck_rows output, size_t batch, size_t times, size_t depth,
                     const uint16_t *panels, size_t stride, const float *bias, size_t columns) {
  const size_t count = batch * times;
  const size_t limit = wide > CK_BROAD ? CK_NARROW_ROWS : CK_ROWS;
  size_t b = 0, t = 0;
  for (size_t row = 0; row < count;) {
    // Spread what is left evenly: a last tile of one row would waste most of the multipliers.
    const size_t left = count - row;
    const size_t rows = left >= 2 * limit ? limit : left > limit ? (left + 1) / 2 : left;
    tile_rows at;
    for (size_t r = 0; r < rows; r++) {
      at.from[r] = input.base + b * input.batch_stride + t * input.time_stride;
      at.to[r] = output.base + b * output.batch_stride + t * output.time_stride;
      if (++t == times) {
        t = 0;
        b++;
      }
    }
    switch (rows) {
#define CK_TILE(n) \
  case n: \
    if (n <= CK_NARROW_ROWS || wide <= CK_BROAD) tile(n, wide, &at, depth, panels, stride, bias, columns); \
    break;
      CK_TILE(1) CK_TILE(2)
#if CK_ROWS >= 4
      CK_TILE(3) CK_TILE(4)
#endif
#if CK_ROWS >= 6
      CK_TILE(5) CK_TILE(6)
#endif
#if CK_ROWS >= 8
      CK_TILE(7) CK_TILE(8)
#endif
#undef CK_TILE
    }
    row += rows;
  }
}

CK_INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

/// Rows that begin, and rows that end, with zeros.
typedef struct {
  size_t first, last;
} zero_rows;

/// `wide` panels of the product: what zeros the first and the last rows hold is left out of them, a time each; the rows
/// between are computed together.
CK_INLINE void panels_of_all(const int wide, ck_rows input, ck_zeros zeros, zero_rows with, ck_rows output,
                             size_t batch, size_t times, size_t depth, const uint16_t *panels, const float *bias,
                             size_t columns) {
  for (size_t t = 0, end; t < times; t = end) {
    const size_t before = t < with.first ? zeros.before - t * input.time_stride : 0;
    const size_t after = t + with.last >= times ? zeros.after - (times - 1 - t) * input.time_stride : 0;
    end = before || after ? t + 1 : times - with.last;
    ck_rows from = {input.base + t * input.time_stride + before, input.time_stride, input.batch_stride};
    ck_rows to = {output.base + t * output.time_stride, output.time_stride, output.batch_stride};
    tiles(wide, from, to, batch, end - t, depth - before - after, panels + before * CK_PANEL, CK_PANEL * depth, bias,
          columns);
  }
}

static void CK_FUNCTION(product)(ck_rows input, ck_zeros zeros, ck_rows output, size_t batch, size_t times,
                                 size_t depth, size_t columns, const uint16_t *packed, const float *bias) {
  const size_t most = batch * times <= CK_NARROW_ROWS ? CK_WIDEST : CK_BROAD;
  zero_rows with = {0, 0};
  // Rows with the same zeros are one of each sequence: where that is less than half a tile, zeros cost less than small
  // tiles.
  if (2 * batch >= CK_ROWS) {
    if (zeros.before) with.first = least(times, (zeros.before - 1) / input.time_stride + 1);
    if (zeros.after) with.last = least(times, (zeros.after - 1) / input.time_stride + 1);
  }
  for (size_t first = 0; first < columns;) {
    const size_t left = (columns - first + CK_PANEL - 1) / CK_PANEL;
    const size_t wide = left < most ? left : most;
    ck_rows to = {output.base + first, output.time_stride, output.batch_stride};
    switch (wide) {
#define CK_TILES(n) \
  case n: \
    panels_of_all(n, input, zeros, with, to, batch, times, depth, packed + first * depth, bias + first, \
                  columns - first); \
    break;
      CK_TILES(1)
#if CK_WIDEST >= 2
      CK_TILES(2)
#endif
#if CK_WIDEST >= 4
      CK_TILES(3) CK_TILES(4)
#endif
#undef CK_TILES
    }
    first += wide * CK_PANEL;
  }
}
