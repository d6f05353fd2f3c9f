import { describe, expect, it } from "vitest";
import { formatTranscript } from "./formats.ts";
import { transcriptSchema, type Segment, type Transcript } from "./transcript.ts";

function transcript(segments: Pick<Segment, "start" | "end" | "text">[]): Transcript {
  return transcriptSchema.parse({
    text: segments.map(({ text }) => text).join(" "),
    language: "en",
    durationSeconds: 4000,
    model: "whisper-small",
    segments: segments.map((segment) => ({ ...segment, confidence: 0.9, words: [] })),
    terms: [],
    warnings: [],
  });
}

const example = transcript([
  { start: 0.5, end: 2.25, text: "Fine-tune with LoRA." },
  { start: 3661.0004, end: 3663.9996, text: "R&D is <b>fun</b>,\n\n\tsee A --> B." },
]);
const empty = transcript([]);

describe("formatTranscript", () => {
  it("writes one segment a line as txt", () => {
    expect(formatTranscript(example, "txt")).toBe("Fine-tune with LoRA.\nR&D is <b>fun</b>, see A --> B.\n");
  });

  it("writes the transcript itself as JSON", () => {
    expect(JSON.parse(formatTranscript(example, "json"))).toEqual(example);
  });

  it("writes SubRip", () => {
    expect(formatTranscript(example, "srt")).toBe(
      "1\n00:00:00,500 --> 00:00:02,250\nFine-tune with LoRA.\n\n" +
        "2\n01:01:01,000 --> 01:01:04,000\nR&D is <b>fun</b>, see A → B.\n",
    );
  });

  it("writes WebVTT with what it must escape", () => {
    expect(formatTranscript(example, "vtt")).toBe(
      "WEBVTT\n\n00:00:00.500 --> 00:00:02.250\nFine-tune with LoRA.\n\n" +
        "01:01:01.000 --> 01:01:04.000\nR&amp;D is &lt;b&gt;fun&lt;/b&gt;, see A --&gt; B.\n",
    );
  });

  it("writes tab-separated values in milliseconds", () => {
    expect(formatTranscript(example, "tsv")).toBe(
      "start\tend\ttext\n500\t2250\tFine-tune with LoRA.\n3661000\t3664000\tR&D is <b>fun</b>, see A --> B.\n",
    );
  });

  it("writes a valid empty file when nothing was said", () => {
    expect(formatTranscript(empty, "txt")).toBe("");
    expect(formatTranscript(empty, "srt")).toBe("");
    expect(formatTranscript(empty, "vtt")).toBe("WEBVTT\n");
    expect(formatTranscript(empty, "tsv")).toBe("start\tend\ttext\n");
    expect(JSON.parse(formatTranscript(empty, "json"))).toEqual(empty);
  });
});
