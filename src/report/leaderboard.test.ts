import { describe, expect, it } from "vitest";
import {
  type LeaderboardResult,
  type LeaderboardRun,
  leaderboardResult,
  retrievalOf,
} from "./leaderboard-runs.ts";
import { trainedSystemSchema } from "./leaderboard-systems.ts";
import { renderLeaderboard } from "./leaderboard.ts";
import { fakeRun } from "./testing/fake-runs.ts";

interface FakeEntry {
  set?: string;
  model: string;
  terms?: LeaderboardRun["terms"];
  listSize?: number;
  /** What is heard of `we tuned LoRA`, one an utterance. */
  heard: readonly string[];
  setUtterances?: number;
  record?: Parameters<typeof fakeRun>[0]["record"];
}

function result({
  set = "en-set",
  model,
  terms = "own+distractors",
  listSize = 1000,
  heard,
  record,
}: FakeEntry) {
  return leaderboardResult(
    fakeRun({
      set,
      settings: { model, terms, listSize },
      record,
      utterances: heard.map((hypothesis) => ({ reference: "we tuned LoRA", hypothesis, terms: ["LoRA"] })),
    }),
  );
}

function entry(fake: FakeEntry, results: readonly LeaderboardResult[] = [result(fake)]): LeaderboardRun {
  const { set = "en-set", model, terms = "own+distractors", listSize = 1000, heard } = fake;
  const setUtterances = fake.setUtterances ?? heard.length;
  return {
    set,
    language: "en",
    setUtterances,
    model,
    terms,
    listSize,
    retrieval: null,
    command: `glossa eval ${set}`,
    results,
  };
}

/** Cells of the table rows that begin with a heading, without the heading itself. */
function tableUnder(markdown: string, heading: string): string[][] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(heading))!;
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const right = "we tuned LoRA";
const wrong = "we tuned Laura";

describe("renderLeaderboard", () => {
  it("ranks models by B-WER over all sets together, incomplete ones last and without a rank", () => {
    const runs = [
      entry({ model: "good", heard: [right, right, right, wrong] }),
      entry({ set: "en-other", model: "good", heard: [right] }),
      entry({ model: "better", heard: [right, right, right, right] }),
      entry({ set: "en-other", model: "better", heard: [right] }),
      entry({ model: "unfinished", heard: [right], setUtterances: 4 }),
      entry({ set: "en-other", model: "unfinished", heard: [right] }, []),
      entry({ model: "not run", heard: [right] }, []),
      entry({ model: "good", terms: "none", listSize: 0, heard: [wrong, wrong, right, right] }),
    ];
    const { markdown } = renderLeaderboard(runs, "npm run leaderboard");
    const rows = tableUnder(markdown, "Words of the glossary");
    expect(rows.map(([rank, , model]) => [rank, model])).toEqual([
      ["1", "better"],
      ["2", "good"],
      ["–", "unfinished"],
    ]);
    expect(rows[1][1]).toMatch(/^20\.00 \(/);
    expect(rows[1][3]).toMatch(/^50\.00 \(/);
    expect(rows[0][8]).toBe("5");
    expect(rows[2][8]).toBe("1 of 5");
    expect(markdown).toContain("over `en-set`, `en-other` together");
  });

  it("says what is complete, where and when it was measured", () => {
    const machine = { node: "v20.19.0", platform: "linux 6", cpu: "Fast CPU", cores: 4 };
    const runs = [
      entry({ model: "a", heard: [right], record: { machine, finishedAt: "2026-03-04T05:06:07.000Z" } }),
      entry({ model: "b", heard: [right], setUtterances: 2 }),
      entry({ model: "c", heard: [right] }, []),
    ];
    const { markdown } = renderLeaderboard(runs, "npm run leaderboard -- --limit 1");
    expect(markdown).toContain("Made by `npm run leaderboard -- --limit 1`");
    expect(markdown).toContain("Complete runs: 1 of 3.");
    expect(markdown).toContain("from 2026-01-02 to 2026-03-04");
    expect(markdown).toContain("Fast CPU, 4 cores, linux 6, Node v20.19.0");
    expect(tableUnder(markdown, "en-set").map((row) => row.at(-1))).toEqual(["1", "1 of 2"]);
    expect(markdown.match(/^ {4}glossa eval en-set$/gm)).toHaveLength(3);
  });

  it("keeps every release in the ranking, and the newest in the tables", () => {
    const fake: FakeEntry = { model: "a", heard: [right] };
    const runs = [
      entry(fake, [
        result({ ...fake, record: { glossaVersion: "0.2.0", finishedAt: "2026-02-01T00:00:00.000Z" } }),
        result({ ...fake, heard: [wrong], record: { glossaVersion: "0.1.0" } }),
      ]),
    ];
    const { markdown } = renderLeaderboard(runs, "x");
    expect(tableUnder(markdown, "Words").map((row) => [row[1].split(" ")[0], row[9], row[10]])).toEqual([
      ["0.00", "0.2.0", "2026-02-01"],
      ["100.00", "0.1.0", "2026-01-02"],
    ]);
    expect(tableUnder(markdown, "en-set")).toHaveLength(1);
    expect(tableUnder(markdown, "en-set")[0][2]).toMatch(/^0\.00/);
  });

  it("counts failed utterances where they happened", () => {
    const failed = leaderboardResult(
      fakeRun({
        set: "en-set",
        utterances: [{ reference: right, hypothesis: "", error: { code: "unexpected", message: "x" } }],
      }),
    );
    const { markdown } = renderLeaderboard([entry({ model: "a", heard: [right] }, [failed])], "x");
    expect(tableUnder(markdown, "en-set")[0].at(-1)).toBe("1, 1 failed");
  });

  it("plots B-WER over list size and the error rate of every set", () => {
    const runs = [
      entry({ model: "a", terms: "none", listSize: 0, heard: [wrong, wrong] }),
      entry({ model: "a", terms: "own", listSize: 0, heard: [right, right] }),
      entry({ model: "a", heard: [right, wrong] }),
    ];
    const { markdown, plots } = renderLeaderboard(runs, "x");
    expect([...plots.keys()]).toEqual(["b-wer-by-list-size.svg", "error-rate-by-set.svg"]);
    expect(plots.get("b-wer-by-list-size.svg")).toContain("a: 0.00 at 0, 50.00 at 1000.");
    expect(plots.get("b-wer-by-list-size.svg")).toContain('class="base s0"');
    expect(plots.get("error-rate-by-set.svg")).toContain("en-set: a 33.33.");
    for (const name of plots.keys()) expect(markdown).toContain(`(plots/${name})`);
  });

  it("keeps runs that only looked for terms apart from those that recognised", () => {
    const at = { start: 0, end: 1 };
    const retrieval = { threshold: 0.3, most: 20, head: null };
    const looked = fakeRun({
      set: "en-set",
      settings: { model: "a", terms: "own+distractors", listSize: 1000, retrieval, findTerms: "both" },
      utterances: [
        {
          reference: null,
          hypothesis: "",
          terms: ["LoRA"],
          retrieved: [{ term: "LoRA", score: 0.9, ...at }],
        },
        {
          reference: null,
          hypothesis: "",
          terms: ["RoPE"],
          retrieved: [{ term: "rope", score: 0.1, ...at }],
        },
      ],
    });
    const run = entry({ model: "a", heard: [right, right] }, [leaderboardResult(looked)]);
    const { markdown } = renderLeaderboard(
      [{ ...run, retrieval: retrievalOf(looked.run) }, entry({ model: "a", heard: [right, right] })],
      "x",
    );
    expect(tableUnder(markdown, "Words of the glossary")).toHaveLength(1);
    expect(tableUnder(markdown, "en-set")).toHaveLength(1);
    const [row] = tableUnder(markdown, "Terms found in the speech");
    expect(row!.slice(0, 4)).toEqual(["en-set", "a", "own terms + 1,000 distractors", "sounds and text"]);
    // RoPE was ranked first, but is too improbable to be kept.
    expect(row!.slice(4).map((cell) => cell.split(" ")[0])).toEqual([
      "100.0",
      "100.0",
      "50.0",
      "100.0",
      "66.7",
      "0.5",
      "10.0",
      "2",
    ]);
  });

  it("shows GLCLAP's systems in the paper's order", () => {
    const test = { utterances: 169, listSize: 1000 };
    const interval = (value: number) => ({ value, low: value - 0.02, high: value + 0.02 });
    const trained = (["glclap", "clap"] as const).map((system, i) => ({
      recipe: { system, encoder: "whisper-base", batchSize: 32 },
      run: {
        command: `glossa train --set system=${system}`,
        data: { training: 5205 },
        result: { step: 200 },
        final: {
          tests: {
            "en-lj001": {
              ...test,
              topOneRecall: interval(0.5 - i / 4),
              recallAtTruePlusFive: interval(0.75),
            },
          },
        },
      },
    }));
    expect(trained.every((run) => trainedSystemSchema.safeParse(run).success)).toBe(true);
    const { markdown } = renderLeaderboard([], "x", trained);
    expect(tableUnder(markdown, "The systems of GLCLAP's paper")).toEqual([
      ["en-lj001", "clap", "25.0 (23.0–27.0)", "75.0 (73.0–77.0)", "169", "1,000", "200"],
      ["en-lj001", "glclap", "50.0 (48.0–52.0)", "75.0 (73.0–77.0)", "169", "1,000", "200"],
    ]);
    expect(markdown).toContain("    glossa train --set system=clap\n    glossa train --set system=glclap");
  });

  it("has nothing to show before anything was measured", () => {
    const { markdown, plots } = renderLeaderboard([entry({ model: "a", heard: [right] }, [])], "x");
    expect(markdown).toContain("Nothing has been measured yet.");
    expect(markdown).toContain("Complete runs: 0 of 1.");
    expect(plots.size).toBe(0);
  });
});
