import { describe, expect, it } from "vitest";
import { GlossaError } from "../errors.ts";
import { mergeTerms, parseTerm } from "./term-list.ts";
import { parseTerms, type TermFormat } from "./terms.ts";

const texts = (content: string, format: TermFormat) =>
  parseTerms(content, format, "glossary").terms.map((term) => term.text);

function failure(content: string, format: TermFormat): GlossaError {
  try {
    parseTerms(content, format, `terms.${format}`);
  } catch (error) {
    if (error instanceof GlossaError) return error;
    throw error;
  }
  throw new Error("expected a GlossaError");
}

describe("parseTerms, plain lists", () => {
  it("reads one term a line with its place", () => {
    expect(parseTerms("LoRA\nQwen2-VL\n", "txt", "terms.txt")).toEqual({
      terms: [
        { text: "LoRA", spokenForms: [], weight: 1, source: "terms.txt:1" },
        { text: "Qwen2-VL", spokenForms: [], weight: 1, source: "terms.txt:2" },
      ],
      warnings: [],
    });
  });

  it("takes any line end and a byte order mark, and skips blank lines", () => {
    expect(texts("\uFEFFLoRA\r\n\r\n  \rK-V cache\r\nBLEU", "txt")).toEqual(["LoRA", "K-V cache", "BLEU"]);
  });

  it("takes `# ` at the start of a line as a comment, and no other #", () => {
    const content = "# people\n  # places\n#\n#hashtag\nC#\nF# minor\n#1 Crush # not a comment\n";
    expect(texts(content, "txt")).toEqual(["#hashtag", "C#", "F# minor", "#1 Crush # not a comment"]);
  });

  it("normalises odd spaces and keeps the rest of the spelling", () => {
    expect(texts("  New\u3000York\u00A0 City\u200B \nｆｕｌｌ\n北京　大学\nCafe\u0301", "txt")).toEqual([
      "New York City",
      "ｆｕｌｌ",
      "北京 大学",
      "Cafe\u0301",
    ]);
  });

  it("counts tabs, duplicates and lines that are too long in warnings", () => {
    const { terms, warnings } = parseTerms(`LoRA\nlora\nLoRA\nGPU\t2\n${"x".repeat(201)}\n`, "txt", "t");
    expect(terms.map((term) => term.text)).toEqual(["LoRA", "lora", "GPU 2"]);
    expect(warnings).toEqual([
      "t: 1 line with a tab read as one term each; name the file .tsv if it has columns",
      "t: 1 term longer than 200 characters left out (at 5)",
      "t: 1 duplicate folded into the first of the same spelling",
    ]);
  });

  it("warns of a list without terms", () => {
    for (const format of ["txt", "tsv", "csv", "json"] as const) {
      expect(parseTerms("", format, "t")).toEqual({ terms: [], warnings: ["t: holds no terms"] });
    }
    expect(parseTerms("[]", "json", "t").warnings).toEqual(["t: holds no terms"]);
  });

  it("reads 200,000 lines quickly", () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `Term number ${i}`);
    const table = lines.map((line) => `${line}\t2\tspoken|forms`).join("\n");
    // Computing time of this process, which a busy machine does not change much.
    const started = process.cpuUsage();
    expect(texts(lines.join("\n"), "txt")).toHaveLength(200_000);
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
    const listed = process.cpuUsage();
    expect(texts(table, "tsv")).toHaveLength(200_000);
    expect(process.cpuUsage(listed).user / 1000).toBeLessThan(3000);
  }, 60_000);
});

describe("parseTerms, tables", () => {
  it("reads term, weight and spoken forms in that order without a header", () => {
    const { terms } = parseTerms("CUDA_HOME\t2.5\tcuda home|koo da home\nLoRA\nBLEU\t\tblue\n", "tsv", "t");
    expect(terms).toEqual([
      { text: "CUDA_HOME", spokenForms: ["cuda home", "koo da home"], weight: 2.5, source: "t:1" },
      { text: "LoRA", spokenForms: [], weight: 1, source: "t:2" },
      { text: "BLEU", spokenForms: ["blue"], weight: 1, source: "t:3" },
    ]);
  });

  it("finds columns by a header in any order, and names columns it does not know", () => {
    const { terms, warnings } = parseTerms("Weight,Notes,Term\n3,why not,LoRA\n", "csv", "t");
    expect(terms).toEqual([{ text: "LoRA", spokenForms: [], weight: 3, source: "t:2" }]);
    expect(warnings).toEqual(["t: unknown columns left out: notes"]);
  });

  it("takes a first row with a number as a term called `term`", () => {
    expect(texts("term,2\nLoRA,1\n", "csv")).toEqual(["term", "LoRA"]);
  });

  it("reads quoted cells, quotes inside a cell, comments and semicolons", () => {
    expect(texts('# names, "and" more\n"Paris, Texas",2\n5" disk,1\n"the ""A"" team"\nC#\n', "csv")).toEqual([
      "Paris, Texas",
      '5" disk',
      'the "A" team',
      "C#",
    ]);
    expect(parseTerms("term;weight\nLoRA;0.5\n", "csv", "t").terms[0]).toMatchObject({
      text: "LoRA",
      weight: 0.5,
    });
  });

  it.each(["-1", "11", "NaN", "Infinity", "high", "0,5"])("refuses the weight %s with its line", (weight) => {
    const error = failure(`\n# a comment\n"two\nlines"\nLoRA\t${weight}\n`, "tsv");
    expect(error.code).toBe("invalid-terms");
    expect(error.message).toContain(`terms.tsv:5: the weight "${weight}" is not a number from 0 to 10`);
  });

  it("refuses quotes that do not match and rows that are too long, with their lines", () => {
    expect(failure('LoRA,1\n"Paris,2\nRome,1\n', "csv").message).toMatch(
      /^terms\.csv:2: quotes do not match/,
    );
    expect(failure("a,1,b,c\n", "csv").message).toMatch(/^terms\.csv:1: 4 columns where 3 are expected/);
  });

  it("counts rows without a term", () => {
    expect(parseTerms(",2\nLoRA,1\n,,spoken\n,,\n", "csv", "t").warnings).toEqual([
      "t: 2 entries without a term left out (at 1, 3)",
    ]);
  });
});

describe("parseTerms, JSON", () => {
  it("reads strings and objects", () => {
    const content = JSON.stringify([
      "LoRA",
      { term: "BLEU", spoken: "blue|bleu", weight: 0 },
      { text: "GLCLAP", spokenForms: ["G L clap"] },
    ]);
    expect(parseTerms(content, "json", "t").terms).toEqual([
      { text: "LoRA", spokenForms: [], weight: 1, source: "t[0]" },
      { text: "BLEU", spokenForms: ["blue", "bleu"], weight: 0, source: "t[1]" },
      { text: "GLCLAP", spokenForms: ["G L clap"], weight: 1, source: "t[2]" },
    ]);
  });

  it.each([
    ['["a", {"term":"b","weight":-1}]', "terms.json[1].weight: "],
    ['[{"term":"b","wieght":1}]', "terms.json[0]: "],
    ['[{"weight":1}]', "terms.json[0]: needs exactly one of the fields `term` and `text`"],
    ["[12]", "terms.json[0]: expected a string or { term, weight, spoken }, not 12"],
    ["[null]", "terms.json[0]: "],
    ['{"term":"b"}', "terms.json: expected an array"],
    ["[1,", "terms.json: not valid JSON: "],
  ])("refuses %s and says where", (content, message) => {
    const error = failure(content, "json");
    expect(error.code).toBe("invalid-terms");
    expect(error.message.slice(0, message.length)).toBe(message);
  });
});

describe("mergeTerms", () => {
  it("keeps all spoken forms and the largest weight of a term, and counts what it folded", () => {
    const first = parseTerms("LoRA\t0.5\tlow ra\n", "tsv", "a");
    const second = {
      terms: [parseTerm(" LoRA ", "--term"), parseTerm("GPU", "--term")],
      warnings: ["b: odd"],
    };
    expect(mergeTerms([first, second])).toEqual({
      terms: [
        { text: "LoRA", spokenForms: ["low ra"], weight: 1, source: "a:1" },
        { text: "GPU", spokenForms: [], weight: 1, source: "--term" },
      ],
      warnings: ["b: odd", "1 term given more than once across the glossaries"],
    });
  });
});

describe("parseTerm", () => {
  it.each(["", " \u3000 ", "x".repeat(201)])("refuses an empty or endless term", (text) => {
    expect(() => parseTerm(text, "--term")).toThrow(GlossaError);
  });
});
