import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { renderReport } from "./report.ts";
import { type FakeUtterance, fakeRun } from "./testing/fake-runs.ts";

const attack = '</p><script>alert(1)</script><img src=x onerror=alert(2)>" onclick="alert(3)';

// The worked example of docs/metrics.md.
const example: FakeUtterance = {
  id: "example",
  reference: "We tuned LoRA in New York, and LoRA again.",
  hypothesis: "We tuned Laura in New York lora again, RoPE RoPE.",
  terms: ["LoRA", "New York", "RoPE"],
};

/** Text of the page as a reader sees it, scripts and styles aside. */
function textOf(page: string): string {
  return page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
}

describe("renderReport", () => {
  it("shows the numbers of a run with their intervals", () => {
    const run = fakeRun({
      utterances: [example, { reference: "all right here", hypothesis: "all right here" }],
    });
    const text = textOf(renderReport([run]));
    expect(text).toContain("WER 33.33 %");
    expect(text).toContain("B-WER 75.00 % 95 %: 75.00 to 75.00");
    expect(text).toContain("U-WER 12.50 %");
    expect(text).toContain("Term recall 66.7 %");
    expect(text).toContain(
      "Of 12 tokens in the references, 1 were taken for others and 1 left out; 2 were put in.",
    );
  });

  it("lists missed, invented and heard terms", () => {
    const text = textOf(renderReport([fakeRun({ utterances: [example] })]));
    expect(text).toContain("Missed: 1 of 3 spoken terms");
    expect(text).toContain("Invented: 2 of 4 written terms");
    expect(text).toContain("Heard: 2 of 3 spoken terms");
    expect(text).toContain("lora laura 1");
  });

  it("says how the run was made and what is missing from it", () => {
    const failed = {
      ...example,
      hypothesis: "",
      error: { code: "unsupported-audio", message: "no audio in it" },
    };
    const run = fakeRun({
      utterances: [failed],
      settings: {
        terms: "own+distractors",
        listSize: 1000,
        seed: 7,
        perturbation: { noise: "n", snrDecibels: 10 },
      },
      record: { utterances: 3, finishedAt: null, skipped: ["manifest.jsonl:9: no such file"] },
    });
    const text = textOf(renderReport([run], { command: "glossa eval x --seed 7" }));
    expect(text).toContain("glossa eval x --seed 7");
    expect(text).toContain("own terms + 1,000 distractors");
    expect(text).toContain("noise 10 dB");
    expect(text).toContain("1 of 3: the run was stopped before its end");
    expect(text).toContain("not finished");
    expect(text).toContain("example : no audio in it (unsupported-audio)");
    expect(text).toContain("manifest.jsonl:9: no such file");
  });

  it("makes text of whatever a recogniser, a file or a user wrote", () => {
    const run = fakeRun({
      set: attack,
      settings: { model: attack, source: attack },
      record: { skipped: [attack] },
      utterances: [
        { id: attack, reference: attack, hypothesis: `x ${attack}`, terms: [attack], language: "none" },
        { reference: null, hypothesis: attack, keywords: [attack], error: { code: attack, message: attack } },
      ],
    });
    const page = renderReport([run, { ...run, run: { ...run.run, glossaVersion: attack } }], {
      command: attack,
      clips: new Map(run.utterances.map(({ record }) => [record.audio, attack])),
    });
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toContain("<img");
    expect(page).not.toMatch(/"\s+onclick="alert/);
  });

  it("calls nothing outside, and allows its own script alone", () => {
    const page = renderReport([fakeRun({ utterances: [example] })]);
    const script = /<script>([\s\S]*)<\/script>/.exec(page)![1];
    expect(page).toContain(
      `script-src &#39;sha256-${createHash("sha256").update(script).digest("base64")}&#39;`,
    );
    expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/<link|@import|url\(/);
  });

  it("folds away all but the worst fifty utterances", () => {
    const utterances = Array.from({ length: 60 }, (_, index) => ({
      id: `number-${index}`,
      reference: "one two three four five six seven eight nine ten",
      hypothesis: index % 2 === 0 ? "wrong" : "one two three four five six seven eight nine ten",
    }));
    const page = renderReport([fakeRun({ utterances })]);
    const [before, after] = page.split('<details class="rest">');
    expect(before.match(/<li class="utterance"/g)).toHaveLength(50);
    expect(after.match(/<li class="utterance"/g)).toHaveLength(10);
    expect(after).toContain("10 more utterances");
    expect(before).toContain('id="u-fake-set-number-58"');
  });

  it("compares runs over the same utterances with paired intervals", () => {
    const texts = ["plenty of words here", "other words there", "still more words", "the last words"];
    const utterances = texts.map((reference) => ({ reference, hypothesis: `wrong ${reference}` }));
    const better = texts.map((reference) => ({ reference, hypothesis: reference }));
    const page = renderReport([
      fakeRun({ utterances, settings: { model: "old" } }),
      fakeRun({ utterances: better, settings: { model: "new" } }),
    ]);
    const text = textOf(page);
    expect(text).toContain("▲ −30.77 better");
    expect(text).toContain("old: 1 error in 4 tokens, 25.0 %");
    expect(text).toContain("new: 0 errors in 4 tokens, 0.0 %");
  });

  it("says when sets of the same name are not the same", () => {
    const text = textOf(
      renderReport([
        fakeRun({
          utterances: [{ id: "a", reference: "one", hypothesis: "one" }],
          settings: { model: "old" },
        }),
        fakeRun({
          utterances: [{ id: "b", reference: "two", hypothesis: "two" }],
          settings: { model: "new" },
        }),
      ]),
    );
    expect(text).toContain("new: the two runs (fake-set, fake-set) share no utterance.");
    expect(text).toContain("not in this run");
  });

  it("draws curves over list size, with the run without terms as baseline", () => {
    const sizes = [0, 100, 1000].map((listSize) =>
      fakeRun({
        utterances: [example],
        settings: { terms: listSize === 0 ? "own" : "own+distractors", listSize },
      }),
    );
    const page = renderReport([fakeRun({ utterances: [example], settings: { terms: "none" } }), ...sizes]);
    expect(page).toContain('<svg xmlns="http://www.w3.org/2000/svg" class="chart"');
    expect(textOf(page)).toContain("B-WER over list size");
    expect(page).toContain("75.00 at 0, 75.00 at 100, 75.00 at 1000.");
    expect(page).toContain('class="base s0"');
  });

  it("keeps runs over different data sets apart", () => {
    const text = textOf(
      renderReport([
        fakeRun({ set: "english", utterances: [example] }),
        fakeRun({
          set: "chinese",
          utterances: [{ reference: "你好吗", hypothesis: "你好", language: "zh" }],
        }),
      ]),
    );
    expect(text).toContain("CER 33.33 %");
    expect(text).not.toContain("Comparison");
  });

  it("has a report for nothing but silence", () => {
    const text = textOf(renderReport([fakeRun({ utterances: [{ reference: "", hypothesis: "" }] })]));
    expect(text).toContain("0 errors in 0 tokens");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    expect(textOf(renderReport([fakeRun({ utterances: [] })]))).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("needs a run", () => {
    expect(() => renderReport([])).toThrow("at least one run");
  });
});
