import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { normaliseEnglishNumbers } from "./english-numbers.ts";
import { normaliseBasic } from "./normalise-basic.ts";
import { normaliseEnglish, normaliseEnglishSpellings } from "./normalise-english.ts";

const fixture = JSON.parse(
  readFileSync(new URL("./fixtures/english-normalised.json", import.meta.url), "utf8"),
) as { english: [string, string][]; basic: [string, string, string, string][] };

/** The cases of `tests/test_normalizer.py` in openai/whisper. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ["two", "2"],
  ["thirty one", "31"],
  ["five twenty four", "524"],
  ["nineteen ninety nine", "1999"],
  ["twenty nineteen", "2019"],
  ["two point five million", "2500000"],
  ["four point two billions", "4200000000s"],
  ["200 thousand", "200000"],
  ["200 thousand dollars", "$200000"],
  ["$20 million", "$20000000"],
  ["€52.4 million", "€52400000"],
  ["£77 thousands", "£77000s"],
  ["two double o eight", "2008"],
  ["three thousand twenty nine", "3029"],
  ["forty three thousand two hundred sixty", "43260"],
  ["forty three thousand two hundred and sixty", "43260"],
  ["nineteen fifties", "1950s"],
  ["thirty first", "31st"],
  ["thirty three thousand and three hundred and thirty third", "33333rd"],
  ["three billion", "3000000000"],
  ["millions", "1000000s"],
  ["july third twenty twenty", "july 3rd 2020"],
  ["august twenty sixth twenty twenty one", "august 26th 2021"],
  ["3 14", "3 14"],
  ["3.14", "3.14"],
  ["3 point 2", "3.2"],
  ["3 point 14", "3.14"],
  ["fourteen point 4", "14.4"],
  ["two point two five dollars", "$2.25"],
  ["two hundred million dollars", "$200000000"],
  ["$20.1 million", "$20100000"],
  ["ninety percent", "90%"],
  ["seventy six per cent", "76%"],
  ["double oh seven", "007"],
  ["double zero seven", "007"],
  ["nine one one", "911"],
  ["nine double one", "911"],
  ["one triple oh one", "10001"],
  ["two thousandth", "2000th"],
  ["thirty two thousandth", "32000th"],
  ["minus 500", "-500"],
  ["positive twenty thousand", "+20000"],
  ["two dollars and seventy cents", "$2.70"],
  ["3 cents", "¢3"],
  ["$0.36", "¢36"],
  ["three euros and sixty five cents", "€3.65"],
  ["three and a half million", "3500000"],
  ["forty eight and a half dollars", "$48.5"],
  ["b747", "b 747"],
  ["10 th", "10th"],
  ["10th", "10th"],
];

describe("the English normaliser", () => {
  for (const [spoken, written] of NUMBERS) {
    it(`writes "${spoken}" as "${written}"`, () => {
      expect(normaliseEnglishNumbers(spoken)).toBe(written);
      expect(normaliseEnglish(spoken)).toBe(written);
    });
  }

  it.each([
    ["mobilisation", "mobilization"],
    ["cancelation", "cancellation"],
  ])("spells %s the American way", (british, american) => {
    expect(normaliseEnglishSpellings(british)).toBe(american);
  });

  it.each([
    ["Let's", "let us"],
    ["he's like", "he is like"],
    ["she's been like", "she has been like"],
    ["10km", "10 km"],
    ["10mm", "10 mm"],
    ["RC232", "rc 232"],
    ["Mr. Park visited Assoc. Prof. Kim Jr.", "mister park visited associate professor kim junior"],
  ])("normalises %j", (text, normalised) => {
    expect(normaliseEnglish(text)).toBe(normalised);
  });

  it("agrees with transformers' EnglishTextNormalizer on 3,200 made-up sentences", () => {
    expect(fixture.english).toHaveLength(3200);
    const different = fixture.english.filter(([text, normalised]) => normaliseEnglish(text) !== normalised);
    expect(different).toEqual([]);
  });

  it("survives text that is no language at all", () => {
    for (const text of [
      "",
      " ",
      ".",
      "%",
      "$",
      "''",
      "and a half",
      "\ud800",
      "\0",
      "\u{1F600}",
      "point point",
      "(((",
    ]) {
      expect(typeof normaliseEnglish(text)).toBe("string");
    }
    expect(normaliseEnglish("9".repeat(5000))).toBe("9".repeat(5000));
    expect(normaliseEnglish("(a < b] c) (d")).toBe("d");
  });
});

describe("the basic normaliser", () => {
  it("agrees with transformers' BasicTextNormalizer", () => {
    expect(fixture.basic).toHaveLength(200);
    for (const [text, basic, withoutDiacritics, split] of fixture.basic) {
      expect(normaliseBasic(text)).toBe(basic);
      expect(normaliseBasic(text, { removeDiacritics: true })).toBe(withoutDiacritics);
      expect(normaliseBasic(text, { splitLetters: true })).toBe(split);
    }
  });
});
