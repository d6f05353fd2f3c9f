import { describe, expect, it } from "vitest";
import { firstColumns } from "./dynamic-time-warping.ts";

describe("firstColumns", () => {
  it("follows the cheap cells of a matrix", () => {
    const costs = Float32Array.from(
      [
        [-1, -1, 0, 0, 0, 0],
        [0, 0, -1, 0, 0, 0],
        [0, 0, 0, -1, -1, -1],
      ].flat(),
    );
    expect([...firstColumns(costs, 3, 6)]).toEqual([0, 2, 3]);
  });

  it("handles more rows than columns", () => {
    const first = firstColumns(new Float32Array(8), 4, 2);
    expect(first[0]).toBe(0);
    for (let i = 1; i < 4; i++) expect(first[i]).toBeGreaterThanOrEqual(first[i - 1]!);
  });

  it("is as cheap as the best of all monotone paths", () => {
    const [rows, columns] = [4, 5];
    let seed = 3;
    for (let run = 0; run < 50; run++) {
      const costs = Float32Array.from({ length: rows * columns }, () => {
        seed = (seed * 16807) % 2147483647;
        return (seed % 100) / 10;
      });
      const cheapest = (row: number, column: number): number => {
        const cost = costs[row * columns + column]!;
        if (row === 0 && column === 0) return cost;
        const before = [];
        if (row > 0) before.push(cheapest(row - 1, column));
        if (column > 0) before.push(cheapest(row, column - 1));
        if (row > 0 && column > 0) before.push(cheapest(row - 1, column - 1));
        return cost + Math.min(...before);
      };
      // The path visits each row from its first column to at least the one before the next row's first.
      const first = firstColumns(costs, rows, columns);
      let total = 0;
      for (let row = 0; row < rows; row++) {
        const last = row === rows - 1 ? columns - 1 : Math.max(first[row]!, first[row + 1]! - 1);
        let options = Infinity;
        const sumTo = (end: number) =>
          costs.subarray(row * columns + first[row]!, row * columns + end + 1).reduce((a, b) => a + b, 0);
        for (
          let end = last;
          end <= Math.min(columns - 1, row === rows - 1 ? columns - 1 : first[row + 1]!);
          end++
        ) {
          options = Math.min(options, sumTo(end));
        }
        total += options;
      }
      expect(total).toBeCloseTo(cheapest(rows - 1, columns - 1), 4);
    }
  });
});
