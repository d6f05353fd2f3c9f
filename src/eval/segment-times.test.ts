import { describe, expect, it } from "vitest";
import { segmentStartErrors, summariseSegmentTimes } from "./segment-times.ts";

describe("segment times", () => {
  const segments = [
    { start: 0, text: "Good morning." },
    { start: 2, text: "How are you?" },
    { start: 5, text: "(laughs)" },
    { start: 6, text: "Fine." },
  ];

  it("compare the starts of segments whose first token was recognised", () => {
    const tokens = ["good", "morning", "now", "are", "you", "fine"];
    const starts = [0.25, 0.5, 2, 2.5, 2.75, null];
    const errors = segmentStartErrors(segments, tokens, starts, "en");
    expect(errors).toEqual({ errorsSeconds: [0.25], segments: 3 });
    expect(segmentStartErrors(segments, tokens, [0.25, 0.5, 2, 2.5, 2.75, 5.5], "en").errorsSeconds).toEqual([
      0.25, 0.5,
    ]);
  });

  it("are summed up over recordings", () => {
    const summary = summariseSegmentTimes([
      { errorsSeconds: [0.1, 0.5], segments: 4 },
      { errorsSeconds: [0.3, 0.9], segments: 2 },
    ])!;
    expect(summary.medianAbsoluteErrorSeconds).toBeCloseTo(0.4, 10);
    expect(summary.meanAbsoluteErrorSeconds).toBeCloseTo(0.45, 10);
    expect(summary).toMatchObject({ measured: 4, segments: 6 });
    expect(summariseSegmentTimes([{ errorsSeconds: [], segments: 4 }])).toBeNull();
  });
});
