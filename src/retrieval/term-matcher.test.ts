import { describe, expect, it } from "vitest";
import type { Term } from "../context/term.ts";
import { gapCosts, phoneCount, phoneNames, substitutionCosts } from "./phones.ts";
import { pronounce } from "./pronunciation.ts";
import { prune, scoreChoices, thresholdForTexts } from "./prune.ts";
import { lettersOf, spellingSimilarity } from "./spelling.ts";
import { TermMatcher } from "./term-matcher.ts";
import type { HeardWord } from "./heard-words.ts";

const termOf = (text: string, spokenForms: string[] = []): Term => ({ text, spokenForms, weight: 1 });

/** Words of 0.4 s, one after the other; characters of Chinese are words of their own. */
function heard(text: string, confidence = 0.8): HeardWord[] {
  const words = text.match(/[\p{Script=Han}]|[^\s\p{Script=Han}]+/gu)!;
  return words.map((word, i) => ({ text: word, start: 0.4 * i, end: 0.4 * i + 0.4, confidence }));
}

const soundsOf = (text: string) => [...pronounce(text).sounds].map((index) => phoneNames[index]).join(" ");

describe("pronounce", () => {
  it.each([
    ["Quentoo", "Qwen two"],
    ["VL", "V L"],
    ["GL", "G L"],
    ["3090", "thirty ninety"],
    ["knight", "night"],
    ["逆战", "逆站"],
    ["Café", "cafe"],
  ])("says %s like %s", (first, second) => {
    expect(soundsOf(first)).toBe(soundsOf(second));
  });

  it("gives every character of Chinese and every word its place", () => {
    const { sounds, wordStarts } = pronounce("语音 and 识别");
    expect(wordStarts).toHaveLength(6);
    expect(wordStarts.at(-1)).toBe(sounds.length);
    expect([...wordStarts].sort((a, b) => a - b)).toEqual(wordStarts);
  });

  it("takes what has no sounds", () => {
    expect(pronounce("... --- !").sounds).toHaveLength(0);
    expect(pronounce("").wordStarts).toEqual([0]);
  });
});

describe("the costs of sounds", () => {
  it("are the same both ways, nothing for the same sound, and never more than missing both", () => {
    for (let a = 0; a < phoneCount; a++) {
      for (let b = 0; b < phoneCount; b++) {
        const cost = substitutionCosts[a * phoneCount + b]!;
        expect(cost).toBe(substitutionCosts[b * phoneCount + a]);
        expect(cost === 0).toBe(a === b);
        expect(cost).toBeLessThanOrEqual(gapCosts[a]! + gapCosts[b]!);
      }
    }
  });
});

describe("spellingSimilarity", () => {
  it("is one less the edits by the longer length, letters alone", () => {
    expect(spellingSimilarity(lettersOf("CUDA_VISIBLE"), lettersOf("cuda visible."))).toBe(1);
    expect(spellingSimilarity("kitten", "sitting")).toBeCloseTo(1 - 3 / 7);
    expect(spellingSimilarity("", "abc")).toBe(0);
    expect(spellingSimilarity("x".repeat(1000), "x".repeat(1000))).toBe(1);
  });
});

describe("TermMatcher", () => {
  const own = ["Qwen2-VL", "LoRA", "CUDA_VISIBLE_DEVICES", "vLLM", "GLCLAP", "Subiaco"].map((text) =>
    termOf(text),
  );
  const others = "Kubernetes Venkataraman Prometheus zstd observability Karpenter Hoffmann spectrogram".split(
    " ",
  );
  const matcher = new TermMatcher([...own, ...others.map((text) => termOf(text))]);
  const found = (text: string, using = matcher) =>
    prune(using.match([heard(text)])).kept.map(({ term, matches }) => [term.text, matches[0]!.heard]);

  it.each([
    ["Today we adapt Quentoo VL with great care", "Qwen2-VL", "Quentoo VL"],
    ["we adapt it with Laura today", "LoRA", "Laura"],
    ["First set cuda visible devices on the machine", "CUDA_VISIBLE_DEVICES", "cuda visible devices"],
    ["find the names with GL Clap on the test set", "GLCLAP", "GL Clap"],
    ["then serve it with VLLM at last", "vLLM", "VLLM"],
    ["like the type of the Subiako books", "Subiaco", "Subiako"],
    ["a cluster of cooper nettis", "Kubernetes", "cooper nettis"],
  ])("finds in %j the term %s", (text, term, words) => {
    expect(found(text)).toEqual([[term, words]]);
  });

  it("finds nothing in ordinary speech", () => {
    expect(found("so the weather was fine and everybody went home early in the evening")).toEqual([]);
  });

  it("finds Chinese terms by their sounds, and English ones inside Chinese", () => {
    const chinese = new TermMatcher([
      termOf("欧阳明慧"),
      termOf("余弦相似度"),
      termOf("LoRA"),
      termOf("科大讯飞"),
    ]);
    expect(found("我们请欧阳名会来讲", chinese)).toEqual([["欧阳明慧", "欧阳名会"]]);
    expect(found("这里用余贤相似度", chinese)).toEqual([["余弦相似度", "余贤相似度"]]);
    expect(found("然后用Lora微调", chinese)).toEqual([["LoRA", "Lora"]]);
  });

  it("uses the spoken forms that are given", () => {
    const odd = new TermMatcher([termOf("XJ-9", ["golden eagle"])]);
    expect(found("over there a golden eagle rises", odd)).toEqual([["XJ-9", "golden eagle"]]);
  });

  it("says when a term was said, every time", () => {
    const matches = matcher.match([heard("Lora and then again Lora")]);
    expect(matches.map(({ term, start, end }) => [term.text, start, end])).toEqual(
      expect.arrayContaining([
        ["LoRA", 0, 0.4],
        ["LoRA", expect.closeTo(1.6), expect.closeTo(2)],
      ]),
    );
  });

  it("finds letters that were written as a word, or as characters of the same sound", () => {
    const spelled = new TermMatcher(
      ["L O G O", "T E C H W E B", "E Y N", "G P S"].map((text) => termOf(text)),
    );
    const likeliest = (text: string) => {
      const best = spelled.match([heard(text, 0.6)])[0];
      return best && best.score > 0.3 ? best.term.text : null;
    };
    expect(likeliest("取消LGO")).toBe("L O G O");
    expect(likeliest("TEC是WEB")).toBe("T E C H W E B");
    expect(likeliest("亦外恩")).toBe("E Y N");
    expect(likeliest("其装这批S定位仪")).toBe("G P S");
    expect(likeliest("中止使用")).toBeNull();
  });

  it("finds words in capitals, numbers inside Chinese, and terms of two sounds", () => {
    const matcher = new TermMatcher(["Let It Go", "武侯祠", "Go"].map((text) => termOf(text)));
    const kept = (text: string) =>
      prune(matcher.match([heard(text, 0.5)]), { threshold: thresholdForTexts }).kept.map(
        ({ term }) => term.text,
      );
    expect(kept("想听LATER AT GO")).toContain("Let It Go");
    expect(kept("在5侯次附近")).toContain("武侯祠");
    expect(kept("every hour snapshots go there")).toContain("Go");
  });

  it("takes letters with dots for letters", () => {
    const matcher = new TermMatcher([termOf("mss"), termOf("NLP")]);
    const best = (text: string) => matcher.match([heard(text)])[0];
    expect(best("the eleventh century M.S.S.")).toMatchObject({ term: { text: "mss" } });
    expect(best("the eleventh century M.S.S.")!.evidence).toMatchObject({ phonetic: 1, orthographic: 1 });
    expect(best("work on N.L.P, mostly")).toMatchObject({ term: { text: "NLP" } });
    expect(best("in St. Louis J.Smith.")).toBeUndefined();
  });

  it("takes traditional characters for the simplified ones that they are", () => {
    const [match] = new TermMatcher([termOf("听歌曲")]).match([heard("我想聽歌曲")]);
    expect(match!.evidence).toMatchObject({ phonetic: 1, orthographic: 1 });
  });

  it("looks at every hypothesis", () => {
    const matches = matcher.match([heard("we adapt when to feel"), heard("we adapt Quentoo VL")]);
    expect(matches[0]!.term.text).toBe("Qwen2-VL");
  });

  it("takes nothing heard, no terms, and terms without sounds", () => {
    expect(matcher.match([])).toEqual([]);
    expect(matcher.match([[]])).toEqual([]);
    expect(matcher.match([heard("...")])).toEqual([]);
    expect(new TermMatcher([]).match([heard("hello there")])).toEqual([]);
    expect(new TermMatcher([termOf("…")]).match([heard("hello there")])).toEqual([]);
  });

  it("keeps few of 10,000 terms", () => {
    const syllables = "ba ke lo mi nu sta tro vel zor gha phi que rin sol tam ush wex yan cul dre".split(" ");
    const made = Array.from({ length: 10_000 }, (_, i) => {
      const parts = [i % 20, Math.floor(i / 20) % 20, Math.floor(i / 400) % 20, (7 * i) % 20];
      return termOf(parts.map((part) => syllables[part]).join(""));
    });
    const large = new TermMatcher([...own, ...made]);
    const text =
      "Welcome back today we adapt Quentoo VL with Lora the vision encoder stays as it is so first set cuda visible devices " +
      "or the job takes every card in the machine then we export the whole graph and serve it with VLLM at half the memory";
    const { kept } = prune(large.match([heard(text)]));
    const names = kept.map(({ term }) => term.text);
    expect(names).toEqual(expect.arrayContaining(["Qwen2-VL", "LoRA", "CUDA_VISIBLE_DEVICES", "vLLM"]));
    expect(kept.length).toBeLessThanOrEqual(20);
  }, 60_000);
});

describe("prune", () => {
  it("keeps the likeliest, and what it drops with its evidence", () => {
    const matcher = new TermMatcher([termOf("LoRA"), termOf("GLCLAP"), { ...termOf("vLLM"), weight: 0 }]);
    const matches = matcher.match([heard("Lora and GL Clap and VLLM")]);
    const { kept, dropped } = prune(matches, { most: 1 });
    expect(kept).toHaveLength(1);
    expect(dropped.map(({ term }) => term.text)).toEqual(expect.arrayContaining(["vLLM"]));
    expect(prune(matches, { threshold: 1 }).kept).toEqual([]);
  });

  it("is scored by precision, recall and F1", () => {
    const choice = (chosen: string[], spoken: string[]) => ({
      chosen: new Set(chosen),
      spoken: new Set(spoken),
    });
    const scores = scoreChoices([choice(["a", "b", "c"], ["a", "d"]), choice(["e"], ["e"])]);
    expect(scores).toMatchObject({ precision: 0.5, recall: 2 / 3, meanKept: 2 });
    expect(scores.f1).toBeCloseTo(4 / 7);
    expect(scoreChoices([])).toMatchObject({ precision: 1, recall: 1 });
  });
});
