import { describe, expect, it } from "vitest";
import { compareRuns } from "./compare-runs.ts";
import { scoreRun } from "./score-run.ts";
import { fakeRecord, fakeRun } from "./testing/records.ts";

function run(hypotheses: Record<string, string>, reference = "red green blue gold") {
  const records = Object.entries(hypotheses).map(([id, hypothesis]) =>
    fakeRecord({ id, hypothesis, reference }),
  );
  return scoreRun(records, fakeRun());
}

describe("compareRuns", () => {
  const worse = run({ a: "red green blue", b: "red green", c: "red green blue", d: "red" });
  const better = run({
    d: "red green blue",
    c: "red green blue gold",
    b: "red green blue",
    a: "red green blue gold",
  });

  it("gives differences with intervals, matched by id", () => {
    const { metrics, matched } = compareRuns(worse, better);
    expect(matched).toBe(4);
    const wer = metrics.find(({ metric }) => metric === "wer")!;
    expect(wer.first).toBeCloseTo((100 * 7) / 16, 10);
    expect(wer.second).toBeCloseTo((100 * 2) / 16, 10);
    expect(wer.difference.value).toBeCloseTo((100 * -5) / 16, 10);
    expect(wer.difference.high).toBeLessThan(0);
    expect(wer.significant).toBe(true);
    expect(metrics.map(({ metric }) => metric)).not.toContain("cer");
  });

  it("finds no difference between a run and itself", () => {
    for (const { difference, significant } of compareRuns(worse, worse).metrics) {
      expect(difference).toEqual({ value: 0, low: 0, high: 0 });
      expect(significant).toBe(false);
    }
  });

  it("compares what both have and names the rest", () => {
    const comparison = compareRuns(worse, run({ c: "red green blue gold", e: "red" }));
    expect(comparison).toMatchObject({ matched: 1, onlyFirst: ["a", "b", "d"], onlySecond: ["e"] });
    expect(comparison.metrics[0].first).toBe(25);
  });

  it("refuses runs over other utterances or references", () => {
    expect(() => compareRuns(worse, run({ z: "red" }))).toThrow("share no utterance");
    expect(() => compareRuns(worse, run({ a: "red" }, "grey"))).toThrow(
      "utterance a has different references",
    );
  });
});
