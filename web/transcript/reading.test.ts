/** What the page shows of a transcript: places, doubts, terms, originals, comparisons. */
import { describe, expect, it } from "vitest";
import type { Segment, Transcript } from "../../src/transcript/transcript.ts";
import { sampleTranscript } from "../testing/sample-transcripts.ts";
import { compareTranscripts } from "./comparison.ts";
import { originalText, withOriginals } from "./originals.ts";
import { countDoubtful, indexAt, nextDoubtful } from "./positions.ts";
import { sortedReports, termPlaces } from "./term-places.ts";
import { TermWords } from "./term-words.ts";

function segmentOf(start: number, ...words: [text: string, confidence: number][]): Segment {
  return {
    start,
    end: start + words.length,
    text: words.map(([text]) => text).join(" "),
    confidence: 0.9,
    words: words.map(([text, confidence], index) => ({
      start: start + index,
      end: start + index + 1,
      text,
      confidence,
    })),
  };
}

function transcriptOf(...segments: Segment[]): Transcript {
  return {
    text: segments.map((segment) => segment.text).join(" "),
    language: "en",
    durationSeconds: 60,
    model: "letters",
    segments,
    terms: [],
    warnings: [],
  };
}

const segments = [
  segmentOf(0, ["sure", 0.99], ["unsure", 0.4]),
  segmentOf(10, ["sure", 0.99], ["sure", 0.98]),
  segmentOf(20, ["doubtful", 0.6], ["sure", 0.9]),
];

describe("places in a transcript", () => {
  it("are found by their time", () => {
    expect([-1, 0, 5, 10, 19, 25].map((seconds) => indexAt(segments, seconds))).toEqual([-1, 0, 0, 1, 1, 2]);
    expect(indexAt([], 3)).toBe(-1);
  });

  it("that are doubtful are walked through, all round and both ways", () => {
    expect(countDoubtful(segments)).toBe(2);
    const first = nextDoubtful(segments, { segment: 0, word: -1 }, 1);
    expect(first).toEqual({ segment: 0, word: 1 });
    const second = nextDoubtful(segments, first!, 1);
    expect(second).toEqual({ segment: 2, word: 0 });
    expect(nextDoubtful(segments, second!, 1)).toEqual(first);
    expect(nextDoubtful(segments, first!, -1)).toEqual(second);
    expect(nextDoubtful(segments.slice(0, 1), first!, 1)).toEqual(first);
    expect(nextDoubtful([segments[1]!], { segment: 0, word: -1 }, 1)).toBeNull();
    expect(nextDoubtful([], { segment: 0, word: -1 }, 1)).toBeNull();
  });
});

describe("terms in a transcript", () => {
  const transcript = sampleTranscript("en", 60, ["Qwen2-VL", "LoRA", "GLCLAP", "QLoRA"]);
  const words = new TermWords(transcript.terms);

  it("are found in the words that stand at their times", () => {
    const [first] = transcript.segments;
    const marked = first!.words.filter((_, index) => words.of(first!)[index]! >= 0).map((word) => word.text);
    expect(marked).toEqual(["Qwen2-VL", "LoRA"]);
  });

  it("are not marked where the word has been corrected to another", () => {
    const [first] = transcript.segments;
    const corrected = {
      ...first!,
      words: first!.words.map((word) => (word.text === "LoRA" ? { ...word, text: "Laura" } : word)),
    };
    const marked = corrected.words
      .filter((_, index) => words.of(corrected)[index]! >= 0)
      .map((word) => word.text);
    expect(marked).toEqual(["Qwen2-VL"]);
  });

  it("come with their places and confidences, written ones first", () => {
    const [lora] = sortedReports(transcript.terms, "en");
    expect(lora!.term).toBe("LoRA");
    const places = termPlaces(lora!, transcript.segments);
    const [word] = transcript.segments[0]!.words.filter(({ text }) => text === "LoRA");
    expect(places[0]).toEqual({
      start: word!.start,
      end: word!.end,
      posterior: lora!.occurrences[0]!.posterior,
      confidence: word!.confidence,
    });
    const [, , back] = sortedReports(transcript.terms, "en");
    expect(back!.status).toBe("rejected");
    expect(termPlaces(back!, transcript.segments)).toEqual([
      { start: word!.start, end: word!.end, posterior: 0.04, confidence: null },
    ]);
    expect(sortedReports(transcript.terms, "en").at(-1)!.status).not.toBe("written");
  });
});

describe("corrections", () => {
  it("are told from what stands as it was recognised", () => {
    const again = structuredClone(segments);
    again[1]!.text = "sure shore";
    const restored = withOriginals(again, segments);
    expect(restored.map((segment) => segments.includes(segment))).toEqual([true, false, true]);
  });

  it("show what was recognised at their time", () => {
    expect(originalText(segments, 9, 12)).toBe("sure sure");
    expect(originalText(segments, 0, 1)).toBe("sure");
    expect(originalText(segments, 40, 41)).toBe("");
  });
});

describe("a comparison", () => {
  it("stands in rows of the first transcript and marks what differs, the spelling too", () => {
    const left = transcriptOf(
      segmentOf(0, ["we", 1], ["tuned", 1], ["Laura", 1]),
      segmentOf(10, ["it", 1], ["worked", 1]),
    );
    const right = transcriptOf(
      segmentOf(0, ["We", 1], ["tuned", 1], ["LoRA", 1], ["it", 1], ["really", 1], ["worked", 1]),
    );
    const { rows, differences } = compareTranscripts(left, right);
    expect(differences).toBe(3);
    expect(rows.map(({ differs }) => differs)).toEqual([true, true]);
    expect(rows[0]!.right.map(({ text, differs }) => [text, differs])).toEqual([
      ["We", true],
      ["tuned", false],
      ["LoRA", true],
    ]);
    expect(rows[1]!.right.map(({ text }) => text).join(" ")).toBe("it really worked");
  });

  it("compares Chinese by character, and anything with nothing", () => {
    const left = transcriptOf(segmentOf(0, ["我们用", 1], ["罗拉", 1]));
    const right = transcriptOf(segmentOf(0, ["我们", 1], ["用", 1], ["LoRA", 1]));
    const { rows } = compareTranscripts(left, right);
    expect(rows[0]!.left.map(({ text, differs }) => [text, differs])).toEqual([
      ["我们用", false],
      ["罗拉", true],
    ]);
    expect(compareTranscripts(transcriptOf(), right).rows[0]!.right).toHaveLength(1);
    expect(compareTranscripts(transcriptOf(), transcriptOf()).differences).toBe(0);
  });
});
