import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DocumentBuilder, type ContextDocument } from "../documents/document.ts";
import { addMarkdown } from "../documents/markdown.ts";
import { addPlainText } from "../documents/plain-text.ts";
import { addCode } from "../documents/source-code.ts";
import { parseTerms } from "../terms.ts";
import { defaultTermsPerPage, extractTerms } from "./extract-terms.ts";
import { formatTerms, termListFormats } from "./term-table.ts";

const folder = new URL("testing/", import.meta.url);

/** A deck of slides from Markdown with a heading a slide, and the technical terms marked in it as [[term]]. */
function deck(name: string): { document: ContextDocument; gold: Set<string>; slides: number } {
  const text = readFileSync(new URL(name, folder), "utf8");
  const gold = new Set([...text.matchAll(/\[\[(.*?)\]\]/g)].map(([, term]) => term!.toLowerCase()));
  const builder = new DocumentBuilder(name);
  const slides = text.replace(/\[\[(.*?)\]\]/g, "$1").split(/^(?=# )/m);
  for (const [index, slide] of slides.entries()) {
    addMarkdown(slide, builder, () => ({ unit: "slide", number: index + 1 }));
    builder.pageDone(null);
  }
  return { document: builder.finish("deck"), gold, slides: slides.length };
}

function textDocument(text: string): ContextDocument {
  const builder = new DocumentBuilder("notes.txt");
  addPlainText(text, builder);
  return builder.finish("text");
}

function markdownDocument(text: string): ContextDocument {
  const builder = new DocumentBuilder("deck.md");
  addMarkdown(text, builder);
  return builder.finish("Markdown");
}

const termsOf = (text: string) => extractTerms([textDocument(text)]).map((term) => term.text);

describe("extractTerms", () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith("-deck.md")))(
    "finds at least 95 %% of the technical terms of %s with at most 30 a slide",
    (name) => {
      const { document, gold, slides } = deck(name);
      const terms = extractTerms([document]);
      const found = new Set(terms.map((term) => term.text.toLowerCase()));
      const missing = [...gold].filter((term) => !found.has(term));
      expect(terms.length).toBeLessThanOrEqual(defaultTermsPerPage * slides);
      expect(missing.length / gold.size, `missing: ${missing.join(", ")}`).toBeLessThanOrEqual(0.05);
    },
  );
});

describe("pages", () => {
  it.each([
    [
      "headings of the first level",
      "# Kubernetes\n\nPromQL and HAProxy\n\n# Terraform\n\nGitOps and OpenTelemetry\n",
    ],
    ["lines", "## Kubernetes\n\nPromQL and HAProxy\n\n---\n\n## Terraform\n\nGitOps and OpenTelemetry\n"],
  ])("of slides written as Markdown are told by %s", (_, slides) => {
    const terms = extractTerms([markdownDocument(slides)], { termsPerPage: 2 });
    expect(terms.map(({ pages }) => pages[0]!.page).sort()).toEqual([1, 1, 2, 2]);
  });

  it("of text hold three times as many letters as Chinese characters", () => {
    const text = "我们在清华大学研究余弦相似度和温度回退。".repeat(20);
    const pages = (paragraphs: string) =>
      new Set(extractTerms([textDocument(paragraphs)]).flatMap((term) => term.pages.map(({ page }) => page)))
        .size;
    expect(pages(`${text}\n\n${text}\n\n${text}\n\n${text}`)).toBe(2);
    expect(pages(`${text}\n\n${text}`)).toBe(1);
  });
});

describe("the terms", () => {
  const byText = (text: string) =>
    new Map(extractTerms([textDocument(text)]).map((term) => [term.text, term]));

  it("know why they are terms, how often and where they stand", () => {
    const terms = byText("We train LoRA on Qwen2-Audio.\n\nThen LoRA is merged.");
    expect(terms.get("LoRA")).toMatchObject({
      count: 2,
      reasons: ["mixed case"],
      places: ["notes.txt:1"],
      source: "notes.txt:1",
      weight: 1,
    });
    expect(terms.get("Qwen2-Audio")).toMatchObject({ reasons: ["letters and digits"] });
  });

  it("are names of people and places, not the beginnings of sentences", () => {
    const terms = [
      ...byText("Later we met Ada Lovelace near the Bank of England. Then everybody left early.").keys(),
    ];
    expect(terms).toEqual(expect.arrayContaining(["Ada Lovelace", "Bank of England", "Lovelace"]));
    expect(terms.filter((term) => /then|later|everybody|left/i.test(term))).toEqual([]);
  });

  it("are versions, identifiers and assignments as written", () => {
    const terms = termsOf("Set CUDA_VISIBLE_DEVICES=0,1 for C++ and node.js, not e.g. 10ms or 1st.");
    expect(terms).toEqual(
      expect.arrayContaining(["CUDA_VISIBLE_DEVICES=0,1", "CUDA_VISIBLE_DEVICES", "C++", "node.js"]),
    );
    expect(terms).not.toEqual(expect.arrayContaining(["e.g"]));
    expect(terms.filter((term) => /10ms|1st/.test(term))).toEqual([]);
  });

  it("are identifiers in code, not its keywords", () => {
    const builder = new DocumentBuilder("model.py");
    addCode("def forward(self, x):\n    return self.proj_in(x) + kvCache[layer_id]\n", "py", builder);
    const terms = extractTerms([builder.finish("source code")]).map((term) => term.text);
    expect(terms).toEqual(expect.arrayContaining(["self.proj_in", "proj_in", "kvCache", "layer_id"]));
    expect(terms).not.toEqual(expect.arrayContaining(["return"]));
  });

  it("are Chinese compounds and names, and mixtures", () => {
    const terms = termsOf("欧阳明慧在清华大学用Transformer模型做语音识别。");
    expect(terms).toEqual(expect.arrayContaining(["清华大学", "Transformer模型", "语音识别"]));
  });

  it("are repaired or dropped when a picture was misread", () => {
    const builder = new DocumentBuilder("slide.png");
    builder.add(
      "The rnodel of Hoffrnann uses Conf0rmer\n~|. — xx=* bcdfghjkl",
      "text",
      { unit: "page", number: 1 },
      { isPicture: true },
    );
    const terms = extractTerms([builder.finish("picture")]).map((term) => term.text);
    expect(terms.join(" ")).not.toMatch(/rnodel|bcdf|xx/);
  });

  it("come with a line that stands on every page counted a few times only", () => {
    const builder = new DocumentBuilder("deck.pdf");
    for (let page = 1; page <= 20; page++) {
      builder.add("Acme Proprietary", "text", { unit: "page", number: page });
      builder.add(`Content Nr${page}`, "text", { unit: "page", number: page });
    }
    const acme = extractTerms([builder.finish("PDF")]).find(
      (term) => term.text.toLowerCase() === "acme proprietary",
    );
    expect(acme!.count).toBeLessThan(10);
  });

  it("are none where there is no text", () => {
    expect(extractTerms([])).toEqual([]);
    expect(termsOf("... --- !!!")).toEqual([]);
    expect(termsOf("and then we did it again and it was good")).toEqual([]);
  });

  it("of 500 pages take seconds of one core", () => {
    const slides = readdirSync(folder).map((name) =>
      readFileSync(new URL(name, folder), "utf8").replace(/[[\]]/g, ""),
    );
    const text = Array.from({ length: 500 }, (_, i) => `${slides[i % slides.length]} Acme${i}`).join("\n\n");
    const before = process.cpuUsage();
    expect(termsOf(text).length).toBeGreaterThan(700);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
  }, 60_000);
});

describe("formatTerms", () => {
  it("writes lists that are glossaries", () => {
    const terms = extractTerms([textDocument('Use LoRA, C++ and "K8s" with Ada Lovelace.')]);
    for (const format of termListFormats) {
      const read = parseTerms(formatTerms(terms, format), format, "list");
      expect(read.warnings).toEqual([]);
      expect(read.terms.map(({ text }) => text)).toEqual(terms.map(({ text }) => text));
      if (format === "txt") continue;
      expect(read.terms.map(({ weight, spokenForms }) => [weight, spokenForms])).toEqual(
        terms.map(({ weight, spokenForms }) => [weight, spokenForms]),
      );
    }
  });
});
