import { describe, expect, it } from "vitest";
import { standaloneSvg } from "./chart-parts.ts";
import { dotChart } from "./dot-chart.ts";
import { lineChart } from "./line-chart.ts";

const text = { id: "chart", title: "Errors <b>", description: "Fewer & fewer." };

describe("lineChart", () => {
  const series = [
    {
      name: "first",
      baseline: 8,
      points: [
        { x: 100, y: 4, low: 2, high: 6 },
        { x: 0, y: 2 },
        { x: 2000, y: 10 },
      ],
    },
    { name: "second", points: [{ x: 0, y: 0 }] },
  ];
  const { source } = lineChart(series, { ...text, xLabel: "list size", yLabel: "B-WER, %" });

  /** Places of the marks of a series, in drawing order without the one of the legend. */
  function marks(index: number): [number, number][] {
    const found = source.matchAll(
      new RegExp(`class="mark s${index}" transform="translate\\(([\\d.]+) ([\\d.]+)\\)"`, "g"),
    );
    return [...found].slice(1).map(([, x, y]) => [Number(x), Number(y)]);
  }

  it("places values in proportion above zero", () => {
    const [[x100, y100], [x0, y0], [x2000, y2000]] = marks(0);
    const [[, yZero]] = marks(1);
    expect(x0).toBeLessThan(x100);
    expect(x100).toBeLessThan(x2000);
    expect((yZero - y100) / (yZero - y2000)).toBeCloseTo(0.4, 2);
    expect((yZero - y0) / (yZero - y2000)).toBeCloseTo(0.2, 2);
  });

  it("joins the values from left to right and draws intervals and the baseline", () => {
    const path = /class="line s0" d="M([^"]+)"/
      .exec(source)![1]
      .split("L")
      .map((pair) => Number(pair.split(",")[0]));
    expect(path).toEqual([...path].sort((left, right) => left - right));
    expect(source.match(/class="range s0"/g)).toHaveLength(1);
    expect(source.match(/class="base s0"/g)).toHaveLength(1);
    expect(source).not.toContain("NaN");
  });

  it("says in text what it shows, escaped", () => {
    expect(source).toContain('role="img" aria-labelledby="chart-title chart-text"');
    expect(source).toContain('<title id="chart-title">Errors &lt;b&gt;</title>');
    expect(source).toContain("Fewer &amp; fewer.");
  });

  it("draws many values along an even axis without marks, however small they are", () => {
    const points = Array.from({ length: 101 }, (_, x) => ({ x, y: x === 100 ? 0.002 : 0.001 }));
    const dense = lineChart([{ name: "rate", points }], { ...text, xLabel: "step", yLabel: "", dense: true });
    expect(dense.source).not.toContain('class="mark');
    const path = /class="line s0" d="([^"]+)"/.exec(dense.source)![1]!;
    const places = path.match(/-?[\d.]+,-?[\d.]+/g)!.map((pair) => pair.split(",").map(Number));
    const across = places.map(([x]) => x!);
    expect(across[50]! - across[0]!).toBeCloseTo(across[100]! - across[50]!, 0);
    expect(places[0]![1]! - places[100]![1]!).toBeGreaterThan(50);
  });
});

describe("dotChart", () => {
  it("draws a row for every name and a dot for every value, and works as a file of its own", () => {
    const chart = dotChart(
      [
        {
          name: "easy",
          dots: [
            { series: "big", value: 2, low: 1, high: 3 },
            { series: "small", value: 4 },
          ],
        },
        { name: "hard", dots: [{ series: "small", value: 30 }] },
      ],
      { ...text, valueLabel: "WER, %" },
    );
    // Two marks in the legend, three dots.
    expect(chart.source.match(/class="mark/g)).toHaveLength(5);
    expect(chart.source).toContain(">easy<");
    const file = standaloneSvg(chart);
    expect(file).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^>]*><style>/);
    expect(file).toContain("prefers-color-scheme:dark");
  });
});
