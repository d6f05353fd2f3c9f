import { describe, expect, it } from "vitest";
import { CtcLabels } from "./ctc-labels.ts";

const letters = new CtcLabels("letters");
const both = new CtcLabels("letters-and-pinyin");

function written(labels: CtcLabels, text: string): string {
  const encoded = labels.encode(text);
  return "problem" in encoded ? encoded.problem : labels.decode(encoded.labels);
}

describe("labels of CTC", () => {
  it("are letters, the apostrophe, the space and the blank", () => {
    expect(letters.count).toBe(29);
    expect(written(letters, "“Don’t!” said Zoë—and AT&T's café.")).toBe("don't said zoe and at and t's cafe");
    expect(written(letters, "(laughs) Twenty-two, 22 and 100.")).toBe(
      "twenty two twenty two and one hundred",
    );
  });

  it("say why a text cannot be written in them", () => {
    expect(written(letters, "born 19:45:30 x12345")).toContain("may be said in several ways");
    expect(written(letters, "设定")).toBe('"设定" is Chinese, the labels are letters');
    expect(written(letters, "Ωmega")).toContain("which is none of the labels");
    expect(written(letters, "?!")).toBe("there is nothing to write in labels");
    expect(written(new CtcLabels("pinyin"), "hello")).toContain("none of the labels");
  });

  it("write Mandarin in initials, finals and tones", () => {
    expect(written(both, "北京，设定31度")).toBe(
      "bei3 jing1 she4 ding4 san1 shi2 yi1 du4".replace("yi", "i"),
    );
    expect(written(both, "播放 Let It Go")).toBe("bo1 fang4 let it go");
    expect(new CtcLabels("pinyin").count).toBe(1 + 21 + 41 + 5);
  });

  it("know which labels belong to which word of the text", () => {
    const encoded = both.encode("It's 22° — 北京");
    if ("problem" in encoded) throw new Error(encoded.problem);
    expect(encoded.words.map(({ text, labels }) => [text, both.decode(labels)])).toEqual([
      ["It's", "it's"],
      ["22°", "er4 shi2 er4 du4"],
      ["北", "bei3"],
      ["京", "jing1"],
    ]);
  });
});
