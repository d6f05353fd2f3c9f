import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DocumentBuilder } from "./documents/document.ts";
import { extractTerms } from "./extraction/extract-terms.ts";
import { readSlideTimes, SlideTerms, slideTimesOf } from "./slide-times.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-slides-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string) {
  const path = join(folder, "times.csv");
  await writeFile(path, content);
  return readSlideTimes(path);
}

function deckOf(unit: "slide" | "second", numbers: readonly number[]) {
  const builder = new DocumentBuilder("deck");
  for (const [index, number] of numbers.entries())
    builder.add(`About Topic${index}X here`, "text", { unit, number });
  return builder.finish("deck");
}

describe("readSlideTimes", () => {
  it("reads times with and without ends, headers and order", async () => {
    expect(await read("slide,start,end\n2,1:30\n1,0,60\n3,1:02:03.5\n")).toEqual([
      { slide: 1, start: 0, end: 60 },
      { slide: 2, start: 90, end: 3723.5 },
      { slide: 3, start: 3723.5, end: Infinity },
    ]);
  });

  it.each(["1,soon\n", "0,1\n", "1.5,1\n", "1,5,4\n", "1,-1\n"])("refuses %j with its line", async (line) => {
    await expect(read(`1,0\n${line}`)).rejects.toThrow(/times\.csv:2: expected slide,start/);
  });

  it("refuses columns in another order", async () => {
    await expect(read("start,slide\n0,1\n")).rejects.toThrow(
      /:1: the columns are slide, start and, if wanted, end/,
    );
  });

  it("refuses an empty file", async () => {
    await expect(read("slide,start\n")).rejects.toThrow(/holds no times/);
  });
});

describe("SlideTerms", () => {
  const shown = Array.from({ length: 9 }, (_, i) => ({ slide: i + 1, start: 10 * i, end: 10 * i + 10 }));
  const document = deckOf("slide", [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const weightsAt = (window: number, time: number) => {
    const terms = new SlideTerms(extractTerms([document]), document, shown, window).termsAt(time, time + 1);
    return terms
      .filter((term) => /^Topic\dX$/.test(term.text))
      .sort((a, b) => (a.text < b.text ? -1 : 1))
      .map(({ weight }) => weight);
  };

  it("weighs the terms of the slide that is shown most, those of its neighbours less", () => {
    expect(weightsAt(1, 35)).toEqual([1, 1, 1, 2, 1, 1, 1, 1, 1]);
    const five = weightsAt(5, 35);
    expect(five[3]).toBe(2);
    expect(five[2]).toBe(five[4]);
    expect(five[2]).toBeGreaterThan(five[1]!);
    expect(five[1]).toBeGreaterThan(1);
    expect(five[0]).toBe(1);
    expect(weightsAt(15, 35).every((weight) => weight > 1)).toBe(true);
  });

  it("gives the terms within the window alone where that is asked", () => {
    const terms = new SlideTerms(extractTerms([document]), document, shown, 1).nearTerms(35, 36);
    expect(terms.map(({ text }) => text)).toContain("Topic3X");
    expect(terms.map(({ text }) => text)).not.toContain("Topic4X");
  });

  it("takes the slides of a video with the times at which they were seen", () => {
    const video = deckOf("second", [0, 20]);
    const times = slideTimesOf(video);
    expect(times).toEqual([
      { slide: 1, start: 0, end: 20 },
      { slide: 2, start: 20, end: Infinity },
    ]);
    const near = new SlideTerms(extractTerms([video]), video, times, 1)
      .nearTerms(25, 26)
      .map(({ text }) => text);
    expect(near).toContain("Topic1X");
    expect(near).not.toContain("Topic0X");
  });
});
