import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinTexts } from "../../src/transcript/text-flow.ts";
import type { Segment } from "../../src/transcript/transcript.ts";
import {
  applyEdit,
  type Edit,
  findAll,
  inverseOf,
  mergeWithPrevious,
  replaceAll,
  setText,
  splitSegment,
} from "./edits.ts";

function segmentsOf(...texts: string[]): Segment[] {
  return texts.map((text, index) => {
    const parts = text.split(" ");
    const words = parts.map((part, place) => ({
      start: index * 10 + place,
      end: index * 10 + place + 1,
      text: part,
      confidence: 0.5,
    }));
    return { start: index * 10, end: index * 10 + parts.length, text, confidence: 0.5, words };
  });
}

const textsOf = (segments: readonly Segment[]) => segments.map((segment) => segment.text);

describe("edits", () => {
  it("split a segment at a character, and its times with it", () => {
    const segments = segmentsOf("one two three four");
    const [first, second] = applyEdit(segments, splitSegment(segments, 0, segments[0]!.text, 8, "en")!);
    expect([first!.text, first!.start, first!.end]).toEqual(["one two", 0, 2]);
    expect([second!.text, second!.start, second!.end]).toEqual(["three four", 2, 4]);
    expect(splitSegment(segments, 0, "one two", 0, "en")).toBeNull();
    expect(splitSegment(segments, 0, "one two ", 7, "en")).toBeNull();
  });

  it("split what has been typed and not yet taken over", () => {
    const segments = segmentsOf("one too three");
    const split = applyEdit(segments, splitSegment(segments, 0, "one two three", 8, "en")!);
    expect(textsOf(split)).toEqual(["one two", "three"]);
    expect(split[0]!.words.map((word) => word.text)).toEqual(["one", "two"]);
  });

  it("join two segments, in Chinese without a space", () => {
    const segments = segmentsOf("a b", "c", "我们", "用");
    expect(textsOf(applyEdit(segments, mergeWithPrevious(segments, 1)!))).toEqual(["a b c", "我们", "用"]);
    expect(textsOf(applyEdit(segments, mergeWithPrevious(segments, 3)!))).toEqual(["a b", "c", "我们用"]);
    expect(mergeWithPrevious(segments, 0)).toBeNull();
  });

  it("take an empty segment out", () => {
    const segments = segmentsOf("a", "b");
    expect(textsOf(applyEdit(segments, setText(segments, 0, "  ", "en")!))).toEqual(["b"]);
  });

  it("find and replace whole words or any, and what looks like a pattern", () => {
    const segments = segmentsOf("Laura and laura", "Lauras (C++)", "用罗拉微调");
    const query = { text: "laura", matchCase: false, wholeWords: true };
    expect(findAll(segments, query)).toEqual([
      { segment: 0, offset: 0 },
      { segment: 0, offset: 10 },
    ]);
    expect(textsOf(applyEdit(segments, replaceAll(segments, query, "LoRA", "en")!))[0]).toBe("LoRA and LoRA");
    expect(findAll(segments, { ...query, wholeWords: false })).toHaveLength(3);
    expect(findAll(segments, { ...query, matchCase: true })).toHaveLength(1);
    expect(findAll(segments, { ...query, text: "(C++)" })).toHaveLength(1);
    expect(findAll(segments, { ...query, text: " " })).toEqual([]);
    const chinese = replaceAll(segments, { ...query, text: "罗拉" }, "LoRA", "zh")!;
    expect(textsOf(applyEdit(segments, chinese))[2]).toBe("用LoRA微调");
    expect(replaceAll(segments, { ...query, text: "nowhere" }, "x", "en")).toBeNull();
    expect(textsOf(applyEdit(segments, replaceAll(segments, query, "$&", "en")!))[0]).toBe("$& and $&");
  });

  it("can be taken back and made again, whatever they were", () => {
    const step = fc.record({
      kind: fc.constantFrom("set", "split", "merge", "replace"),
      at: fc.nat(5),
      text: fc.constantFrom("", "a b", "b c a", "我们用"),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const states: (readonly Segment[])[] = [segmentsOf("a b c", "b", "c a")];
        const edits: Edit[] = [];
        for (const { kind, at, text } of steps) {
          const now = states.at(-1)!;
          if (now.length === 0) break;
          const index = at % now.length;
          const edit =
            kind === "set"
              ? setText(now, index, text, "en")
              : kind === "split"
                ? splitSegment(now, index, now[index]!.text, at, "en")
                : kind === "merge"
                  ? mergeWithPrevious(now, index)
                  : replaceAll(now, { text: "b", matchCase: true, wholeWords: true }, text, "en");
          if (!edit) continue;
          edits.push(edit);
          states.push(applyEdit(now, edit));
        }
        for (let index = edits.length - 1; index >= 0; index--) {
          const back = applyEdit(states[index + 1]!, inverseOf(edits[index]!));
          expect(back).toEqual(states[index]);
          // Untouched segments are the same objects: that is how the page knows them.
          for (const [place, segment] of back.entries()) expect(segment).toBe(states[index]![place]);
        }
        for (const segment of states.at(-1)!) {
          expect(joinTexts(segment.words.map((word) => word.text)).replace(/ /g, "")).toBe(
            segment.text.replace(/ /g, ""),
          );
        }
      }),
    );
  });
});
