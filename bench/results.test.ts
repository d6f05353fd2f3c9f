import { describe, expect, it } from "vitest";
import { errorRates, formatTable, median, pairedRatios, type Results } from "./results.ts";

describe("median", () => {
  it("takes the middle value, or the mean of the middle two", () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([10, 9, 1, 2])).toBe(5.5);
  });
});

describe("pairedRatios", () => {
  it("compares round with round, so that a slow spell of the machine cancels out", () => {
    expect(pairedRatios([1, 10, 2], [3, 30, 8])).toEqual({ median: 3, minimum: 3, maximum: 4 });
  });
});

describe("errorRates", () => {
  it("counts the errors of a set over its tokens, after normalisation", () => {
    const references = [
      { text: "Mr. Smith has two dogs.", language: "en" },
      { text: "Yes!", language: "en" },
    ];
    const { wer, cer } = errorRates(references, ["mister smith has 2 cats", "yes"]);
    expect(wer).toBeCloseTo(100 / 6, 10);
    // dogs → cats: three of the characters of "mister smith has 2 dogs" and "yes".
    expect(cer).toBeCloseTo(300 / 26, 10);
  });

  it("gives no word error rate for Chinese, whose words are not set apart", () => {
    const { wer, cer } = errorRates([{ text: "打开灯", language: "zh" }], ["打開燈吧"]);
    expect(wer).toBeNull();
    expect(cer).toBeCloseTo(100 / 3, 10);
  });
});

describe("formatTable", () => {
  it("says how much faster Glossa was, what a rate cannot be given for, and who is left out", () => {
    const results: Results = {
      ratios: { peer: 1.5 },
      ratioRanges: { peer: { minimum: 1.25, maximum: 2 } },
      model: "whisper-base",
      manifest: "set.jsonl",
      utterances: 2,
      audioSeconds: 90,
      rounds: 3,
      threads: 2,
      systems: [
        { name: "glossa", speed: 12, wer: null, cer: 3.14159, peakMemoryMegabytes: 400, loadSeconds: 1 },
        { name: "peer", speed: 8, wer: null, cer: 4, peakMemoryMegabytes: 600.4, loadSeconds: 2.25 },
      ],
      leftOut: [{ name: "other", reason: "it cannot take these weights" }],
    };
    const lines = formatTable(results).split("\n");
    expect(lines[0]).toBe("whisper-base, set.jsonl: 2 recordings, 1.5 minutes; 3 rounds, 2 threads");
    expect(lines).toContainEqual(expect.stringMatching(/^glossa\s+12\.0 ×\s+–\s+3\.14 %\s+400 MB\s+1\.0 s$/));
    expect(lines).toContainEqual(
      expect.stringMatching(/^peer\s+8\.0 ×\s+1\.50 \(1\.25–2\.00\)\s+–\s+4\.00 %\s+600 MB/),
    );
    expect(lines).toContain("other is left out: it cannot take these weights");
  });
});
