import { describe, expect, it } from "vitest";
import { scoreRun } from "../eval/score-run.ts";
import { summariseRun } from "../eval/run-summary.ts";
import { fakeRecord, fakeRun } from "../eval/testing/records.ts";
import { displayWidth } from "../text/scripts.ts";
import { formatRuns } from "./eval-table.ts";

function summary(set: string, model = "whisper-base", language = "en") {
  const terms = { own: ["LoRA"], listSize: 2001, distractors: ["RoPE"] };
  const records = ["we tuned LoRA", "we tuned Laura", "they tuned LoRA RoPE"].map((hypothesis, index) =>
    fakeRecord({
      id: String(index),
      reference: "we tuned LoRA",
      hypothesis,
      language,
      terms,
      keywords: ["tuned"],
    }),
  );
  const settings = {
    terms: "own+distractors",
    listSize: 2000,
    model,
    perturbation: { speed: 1.1, telephone: true },
  };
  const run = fakeRun({ ...settings, terms: "own+distractors" }, { set, peakMemoryMegabytes: 512.4 });
  return summariseRun(scoreRun(records, run), "/runs/x");
}

describe("formatRuns", () => {
  it("fits all metrics into 80 columns, and gives them more room where there is some", () => {
    const runs = [summary("librispeech-test-clean-and-other"), summary("短句集", "whisper-base")];
    const narrow = formatRuns(runs, 80).split("\n");
    const wide = formatRuns(runs, 200).split("\n");
    const table = narrow.slice(1, 8);
    expect(Math.max(...table.map(displayWidth))).toBeLessThanOrEqual(80);
    expect(table[0].trim().split(/\s+/)).toEqual([
      "WER",
      "U-WER",
      "B-WER",
      "RECALL",
      "PREC",
      "F1",
      "CASE",
      "FALSE/H",
      "KEYW",
      "SPEED",
    ]);
    expect(narrow[2]).toMatch(/^librispeech.*… /);
    expect(wide[2]).toContain("librispeech-test-clean-and-other  ");
    expect(wide[3]).toContain("own+distractors 2000, speed 1.1, telephone");
    expect(wide[4]).toBe("  3 utterances, 0:30, 512 MB");
  });

  it("aligns the columns of all rows", () => {
    const lines = formatRuns([summary("a"), summary("短句集")], 120).split("\n");
    const ends = [lines[1], lines[2], lines[5]].map((line) => displayWidth(line));
    expect(new Set(ends).size).toBe(1);
  });

  it("makes a table for every model, with a dash where a run has no value", () => {
    const text = formatRuns([summary("a"), summary("b", "m2"), summary("c", "m2", "zh")], 120);
    const [first, second] = text.split("\nm2\n");
    expect(first).toMatch(/^whisper-base\n/);
    expect(first).not.toContain("CER");
    expect(second).toMatch(/^ +WER +CER/);
    expect(second).toMatch(/^b +\S+ +- /m);
    expect(second).toMatch(/^c +- +\S+ /m);
  });
});
