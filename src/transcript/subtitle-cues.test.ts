import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../text/scripts.ts";
import { subtitleCues, subtitleLimits, type SubtitleCue } from "./subtitle-cues.ts";
import { joinTexts } from "./text-flow.ts";
import type { Segment, Transcript, Word } from "./transcript.ts";

function transcript(segments: Segment[], language = "en"): Transcript {
  const durationSeconds = Math.max(0, ...segments.map((segment) => segment.end)) + 1;
  const text = joinTexts(segments.map((segment) => segment.text));
  return { text, language, durationSeconds, model: "test", segments, terms: [], warnings: [] };
}

/** Words that follow each other without pause, `secondsEach` long, from `start`. */
function segment(texts: string[], { start = 0, secondsEach = 0.4, separator = " " } = {}): Segment {
  const words = texts.map((text, i) => ({
    start: start + i * secondsEach,
    end: start + (i + 1) * secondsEach,
    text,
    confidence: 1,
  }));
  return {
    start,
    end: start + texts.length * secondsEach,
    text: texts.join(separator),
    confidence: 1,
    words,
  };
}

const lines = (cues: SubtitleCue[]) => cues.map((cue) => cue.lines);

describe("subtitleCues", () => {
  it("breaks two lines at the phrase and keeps them balanced", () => {
    const words =
      "The glossary is read before the recording, because its terms decide what is searched for.".split(" ");
    expect(lines(subtitleCues(transcript([segment(words)])))).toEqual([
      ["The glossary is read before the recording,"],
      ["because its terms decide", "what is searched for."],
    ]);
  });

  it("begins a new cue with a new sentence and after a long silence", () => {
    const first = segment(["We", "measured", "the", "old", "model", "first."]);
    const second = segment(["Then", "the", "new", "one", "was", "measured", "too"], { start: 2.5 });
    const third = segment(["and", "compared."], { start: 9 });
    expect(lines(subtitleCues(transcript([first, second, third])))).toEqual([
      ["We measured the old model first."],
      ["Then the new one was measured too"],
      ["and compared."],
    ]);
  });

  it("holds a short cue long enough to be read, and ends it before the next", () => {
    const cues = subtitleCues(
      transcript([
        segment(["Yes."]),
        segment(["Nobody", "had", "expected", "that."], { start: 10, secondsEach: 0.1 }),
      ]),
    );
    expect(cues.map((cue) => [cue.startMilliseconds, cue.endMilliseconds])).toEqual([
      [0, 833],
      [10_000, 10_000 + Math.ceil((26 / 17) * 1000)].map((time) => Math.min(time, 11_400)),
    ]);
  });

  it("bridges a short pause and keeps a gap of two frames", () => {
    const cues = subtitleCues(
      transcript([
        segment(["One", "sentence", "ends", "here."]),
        segment(["Another", "begins", "there."], { start: 2 }),
      ]),
    );
    expect(cues[0].endMilliseconds).toBe(2000 - subtitleLimits.gapMilliseconds);
  });

  it("begins a cue earlier when nothing after it leaves time to read it", () => {
    const short = {
      ...transcript([segment(["Stop."], { start: 5, secondsEach: 0.2 })]),
      durationSeconds: 5.3,
    };
    const [cue] = subtitleCues(short);
    expect([cue.startMilliseconds, cue.endMilliseconds]).toEqual([5300 - 833, 5300]);
  });

  it("sets Chinese at 16 characters a line, without spaces, never beginning a line with punctuation", () => {
    const text = "我们先把词表读进来，然后再识别录音。这样人名和地名就不会写错了。";
    const characters = Array.from(text.matchAll(/.[，。]?/gu), ([match]) => match);
    const cues = subtitleCues(transcript([segment(characters, { secondsEach: 0.2, separator: "" })], "zh"));
    expect(lines(cues).flat().join("")).toBe(text);
    for (const line of lines(cues).flat()) {
      expect(displayWidth(line)).toBeLessThanOrEqual(32);
      expect(line).not.toMatch(/^[，。]/);
    }
  });

  it("keeps Latin words apart and whole among Chinese", () => {
    const words = ["我", "用", "Qwen2", "-", "VL", "训练", "LoRA", "模型", "。"];
    const mixed = { ...segment(words), text: "我用Qwen2-VL训练 LoRA 模型。" };
    expect(lines(subtitleCues(transcript([mixed], "zh")))).toEqual([["我用Qwen2-VL训练 LoRA 模型。"]]);
  });

  it("cuts a word that is wider than a line", () => {
    const cues = subtitleCues(transcript([segment(["see", "x".repeat(100), "there"], { secondsEach: 1 })]));
    expect(lines(cues).flat().join("").replaceAll(" ", "")).toBe(`see${"x".repeat(100)}there`);
    expect(
      Math.max(
        ...lines(cues)
          .flat()
          .map((line) => line.length),
      ),
    ).toBe(42);
  });

  it("shares the time of a segment without words by the width of its text", () => {
    const text =
      "This segment has no word times but it is so long that it cannot be shown in a single subtitle cue at once.";
    const cues = subtitleCues(transcript([{ start: 2, end: 12, text, confidence: 1, words: [] }]));
    expect(lines(cues).flat().join(" ")).toBe(text);
    expect(cues[0].startMilliseconds).toBe(2000);
    expect(cues[1].startMilliseconds).toBeGreaterThan(4000);
    expect(cues[1].startMilliseconds).toBeLessThan(10_000);
  });

  it("gives no cues when nothing was said", () => {
    expect(subtitleCues(transcript([]))).toEqual([]);
    expect(subtitleCues(transcript([{ start: 0, end: 1, text: " ", confidence: 1, words: [] }]))).toEqual([]);
  });
});

describe("subtitleCues, for any transcript", () => {
  const latin = fc.stringMatching(/^[a-zA-Z]{1,12}[.,?]?$/);
  const han = fc.stringMatching(/^[的一是在不了有和人这中大为上个国]{1,4}[，。]?$/);
  const odd = fc.constantFrom(
    "—",
    "(",
    ")",
    "don't",
    "a\nb",
    "😀👩‍👩‍👧",
    "<i>",
    "10%",
    "supercalifragilistic".repeat(4),
  );
  const word = fc.record({
    text: fc.oneof(
      { weight: 6, arbitrary: latin },
      { weight: 3, arbitrary: han },
      { weight: 1, arbitrary: odd },
    ),
    pause: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.double({ min: 0, max: 4, noNaN: true })),
    duration: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const recording = fc.array(fc.array(word, { maxLength: 40 }), { maxLength: 4 }).map((segments) => {
    let time = 0;
    return transcript(
      segments.map((spoken) => {
        const words: Word[] = spoken.map(({ text, pause, duration }) => {
          const start = time + pause;
          time = start + duration;
          return { start, end: time, text, confidence: 1 };
        });
        const text = joinTexts(words.map((one) => one.text));
        return { start: words[0]?.start ?? time, end: time, text, confidence: 1, words };
      }),
    );
  });
  const withoutWords = recording.map((one) => ({
    ...one,
    segments: one.segments.map((segment) => ({ ...segment, words: [] })),
  }));
  const bare = (texts: string[]) => texts.join("").replace(/\s/g, "");

  it("shows every word once and in order", () => {
    fc.assert(
      fc.property(fc.oneof(recording, withoutWords), (one) => {
        const spoken = one.segments.map((segment) => segment.text);
        expect(bare(lines(subtitleCues(one)).flat())).toBe(bare(spoken));
      }),
    );
  });

  it("keeps to lines, widths, times and gaps", () => {
    fc.assert(
      fc.property(fc.oneof(recording, withoutWords), (one) => {
        const cues = subtitleCues(one);
        for (const [index, cue] of cues.entries()) {
          expect(cue.lines.length).toBeLessThanOrEqual(2);
          expect(cue.lines.every((line) => line === line.trim() && line !== "")).toBe(true);
          expect(Math.max(...cue.lines.map((line) => displayWidth(line)))).toBeLessThanOrEqual(42);

          const { startMilliseconds: start, endMilliseconds: end } = cue;
          const duration = end - start;
          const next = cues[index + 1]?.startMilliseconds ?? Math.floor(one.durationSeconds * 1000);
          expect(Number.isInteger(start) && Number.isInteger(end)).toBe(true);
          expect(start).toBeGreaterThanOrEqual(0);
          expect(duration).toBeGreaterThan(0);
          expect(duration).toBeLessThanOrEqual(subtitleLimits.maximumMilliseconds);
          expect(end).toBeLessThanOrEqual(Math.max(next, start + 1));

          // Less time than the rules want only where there is none: the next cue follows, or the longest is reached.
          const columns = cue.lines.reduce((sum, line) => sum + displayWidth(line), 0);
          const wanted = Math.max(
            subtitleLimits.minimumMilliseconds,
            (columns / subtitleLimits.columnsPerSecond) * 1000,
          );
          const isCrowded = next - end <= subtitleLimits.gapMilliseconds;
          expect(isCrowded || duration >= Math.min(wanted, subtitleLimits.maximumMilliseconds)).toBe(true);
        }
      }),
    );
  });

  it("survives times that run backwards", () => {
    const time = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.record({ start: time, end: time, text: latin }), { maxLength: 60 }),
        (words) => {
          const text = words.map((one) => one.text).join(" ");
          const broken = {
            start: 0,
            end: 10,
            text,
            confidence: 1,
            words: words.map((one) => ({ ...one, confidence: 1 })),
          };
          const cues = subtitleCues(transcript([broken]));
          expect(lines(cues).flat().join(" ")).toBe(text);
          for (const [index, cue] of cues.entries()) {
            expect(cue.endMilliseconds).toBeGreaterThan(cue.startMilliseconds);
            expect(cue.startMilliseconds).toBeGreaterThanOrEqual(cues[index - 1]?.endMilliseconds ?? 0);
          }
        },
      ),
    );
  });
});
