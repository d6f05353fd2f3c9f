import { describe, expect, it } from "vitest";
import { scoreRun } from "./score-run.ts";
import { fakeRecord, fakeRun } from "./testing/records.ts";

/** The worked example of docs/metrics.md. */
const example = {
  reference: "We tuned LoRA in New York, and LoRA again.",
  hypothesis: "We tuned Laura in New York lora again, RoPE RoPE.",
  durationSeconds: 30,
  terms: { own: ["LoRA", "New York", "RoPE"], listSize: 3, distractors: [] },
};

describe("scoreRun", () => {
  it("gives the numbers of the worked example", () => {
    const { metrics, counts, termCounts, mostConfused, hours } = scoreRun([fakeRecord(example)], fakeRun());
    expect(metrics.wer).toBeCloseTo(400 / 9, 10);
    expect(metrics.cer).toBeNull();
    expect(metrics.bWer).toBeCloseTo(75, 10);
    expect(metrics.uWer).toBeCloseTo(20, 10);
    expect(metrics.termRecall).toBeCloseTo(200 / 3, 10);
    expect(metrics.termPrecision).toBeCloseTo(50, 10);
    expect(metrics.termF1).toBeCloseTo(400 / 7, 10);
    expect(metrics.caseAccuracy).toBeCloseTo(50, 10);
    expect(metrics.falseInsertionsPerHour).toBeCloseTo(240, 10);
    expect(metrics.realTimeFactor).toBeCloseTo(15, 10);
    expect(metrics).toMatchObject({ keywordRecall: null, topOneRecall: null, peakMemoryMegabytes: null });
    expect(counts.all).toEqual({ substitutions: 1, deletions: 1, insertions: 2, referenceLength: 9 });
    expect(counts.biased.referenceLength + counts.unbiased.referenceLength).toBe(9);
    expect(termCounts).toEqual({
      referenceOccurrences: 3,
      recalled: 2,
      hypothesisOccurrences: 4,
      correct: 2,
    });
    expect(mostConfused).toEqual([{ reference: "lora", hypothesis: "laura", count: 1 }]);
    expect(hours).toBeCloseTo(30 / 3600, 10);
  });

  it("has an interval around every metric", () => {
    const records = [fakeRecord(example), fakeRecord({ id: "b" }), fakeRecord({ id: "c", hypothesis: "no" })];
    const { metrics, intervals } = scoreRun(records, fakeRun());
    const { low, value, high } = intervals.wer!;
    expect(value).toBe(metrics.wer);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect(intervals.cer).toBeNull();
  });

  it("counts a distractor that is written as a false insertion, and as an error outside the terms", () => {
    const record = fakeRecord({
      reference: "the lora works",
      hypothesis: "the lora rope works",
      durationSeconds: 3600,
      terms: { own: ["LoRA"], listSize: 2, distractors: ["RoPE"] },
    });
    const both = scoreRun([record], fakeRun({ terms: "own+distractors" }));
    expect(both.metrics).toMatchObject({ termRecall: 100, termPrecision: 50, falseInsertionsPerHour: 1 });
    expect(both.metrics).toMatchObject({ bWer: 0, uWer: 50 });
    expect(both.utterances[0].hypothesisTerms).toEqual([
      { term: "LoRA", startToken: 1, endToken: 2, correct: true, own: true },
      { term: "RoPE", startToken: 2, endToken: 3, correct: false, own: false },
    ]);
    const own = scoreRun([record], fakeRun({ terms: "own" }));
    expect(own.metrics).toMatchObject({ termPrecision: 100, falseInsertionsPerHour: 0 });
    const only = scoreRun([record], fakeRun({ terms: "distractors" }));
    expect(only.metrics).toMatchObject({
      termRecall: null,
      termPrecision: 0,
      falseInsertionsPerHour: 1,
      bWer: 0,
    });
  });

  it("judges the list of the whole set for `all`", () => {
    const record = fakeRecord({
      reference: "new york",
      hypothesis: "new york",
      terms: { own: [], listSize: 1 },
    });
    const { metrics, utterances } = scoreRun([record], fakeRun({ terms: "all" }, { allTerms: ["York"] }));
    expect(metrics).toMatchObject({ termRecall: 100, bWer: null, uWer: 0 });
    expect(utterances[0].referenceTerms).toEqual([
      { term: "York", startToken: 1, endToken: 2, correct: true, own: false },
    ]);
  });

  it("gives Chinese a CER and English a WER", () => {
    const chinese = fakeRecord({ language: "zh", reference: "设定三十一度", hypothesis: "設定32度" });
    const english = fakeRecord({ id: "b", reference: "red green", hypothesis: "red" });
    const { metrics } = scoreRun([chinese, english], fakeRun());
    expect(metrics.cer).toBeCloseTo(100 / 6, 10);
    expect(metrics.wer).toBeCloseTo(50, 10);
    expect(metrics.uWer).toBeCloseTo((100 * 2) / 8, 10);
  });

  it("gives recordings without a text nothing but keyword recall and speed", () => {
    const record = fakeRecord({
      reference: null,
      hypothesis: "A house coffee with milk and sugar.",
      keywords: ["house coffee", "whole milk", "sugar"],
    });
    const { metrics, utterances, calibration } = scoreRun([record], fakeRun());
    const values = Object.entries(metrics).filter(([, value]) => value !== null);
    expect(Object.fromEntries(values)).toEqual({ keywordRecall: (100 * 2) / 3, realTimeFactor: 5 });
    expect(utterances[0].keywords.map(({ found }) => found)).toEqual([true, false, true]);
    expect(utterances[0].errors).toBeNull();
    expect(calibration).toBeNull();
  });

  it("counts an utterance that failed as empty, and leaves it out of the speed", () => {
    const failed = fakeRecord({
      id: "b",
      reference: "red green blue",
      hypothesis: "",
      computeSeconds: 0,
      error: { code: "unsupported-audio", message: "broken" },
    });
    const { metrics, failed: count } = scoreRun([fakeRecord(), failed], fakeRun());
    expect(count).toBe(1);
    expect(metrics.wer).toBe(75);
    expect(metrics.realTimeFactor).toBe(5);
  });

  it("judges confidences and times of words", () => {
    const word = (text: string, start: number, confidence: number) => ({
      text,
      start,
      end: start + 1,
      confidence,
    });
    const words = [word("Hello,", 0.5, 0.9), word("word.", 2, 0.3)];
    const segment = { start: 0.5, end: 3, text: "Hello, word.", confidence: 0.6, words };
    const { calibration, segmentTimes, utterances } = scoreRun(
      [
        fakeRecord({
          reference: "hello world",
          hypothesis: "Hello, word.",
          segments: [segment],
          referenceSegments: [{ start: 0, text: "hello world" }],
        }),
      ],
      fakeRun(),
    );
    expect(calibration!.ece).toBeCloseTo((10 + 30) / 2, 10);
    expect(segmentTimes).toEqual({
      measured: 1,
      segments: 1,
      medianAbsoluteErrorSeconds: 0.5,
      meanAbsoluteErrorSeconds: 0.5,
    });
    expect(utterances[0].hypothesisWords.map((entry) => entry?.text)).toEqual(["Hello,", "word."]);
  });

  it("scores no utterances without falling over", () => {
    expect(scoreRun([], fakeRun()).metrics.wer).toBeNull();
  });
});
