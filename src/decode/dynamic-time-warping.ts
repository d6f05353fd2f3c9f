/**
 * Dynamic time warping over a cost matrix (Sakoe and Chiba, 1978), as Whisper uses it to find which audio frames
 * belong to which token.
 */

/**
 * The cheapest monotone path from the first cell to the last, by steps right, down and diagonal.
 *
 * @param costs `[rows, columns]`, row-major
 * @returns for every row the first column of its part of the path; never decreasing
 */
export function firstColumns(costs: Float32Array, rows: number, columns: number): Int32Array {
  const total = new Float64Array((rows + 1) * (columns + 1)).fill(Infinity);
  const step = new Uint8Array((rows + 1) * (columns + 1));
  const width = columns + 1;
  total[0] = 0;
  for (let row = 1; row <= rows; row++) {
    for (let column = 1; column <= columns; column++) {
      const diagonal = total[(row - 1) * width + column - 1]!;
      const down = total[(row - 1) * width + column]!;
      const right = total[row * width + column - 1]!;
      let best = diagonal;
      let move = 0;
      if (down < best) {
        best = down;
        move = 1;
      }
      if (right < best) {
        best = right;
        move = 2;
      }
      total[row * width + column] = best + costs[(row - 1) * columns + column - 1]!;
      step[row * width + column] = move;
    }
  }
  const first = new Int32Array(rows);
  let row = rows;
  let column = columns;
  while (row > 0 && column > 0) {
    first[row - 1] = column - 1;
    const move = step[row * width + column];
    if (move !== 2) row--;
    if (move !== 1) column--;
  }
  return first;
}
