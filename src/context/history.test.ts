import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { historyText, raiseTermsSaid, readHistory } from "./history.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-history-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(name: string, content: string | Uint8Array) {
  const path = join(folder, name);
  await writeFile(path, content);
  return readHistory(path);
}

const turns = [
  { speaker: "Ada", text: "We train with LoRA." },
  { speaker: "", text: "And then?" },
];

describe("readHistory", () => {
  it.each([
    ["a.txt", "Ada: We train with LoRA.\n\nAnd then?\n"],
    ["b.json", JSON.stringify([{ speaker: "Ada", text: "We train with LoRA." }, { text: "And then?" }])],
    ["c.json", JSON.stringify([{ role: "Ada", content: "We train with LoRA." }, { content: "And then?" }])],
    [
      "d.json",
      JSON.stringify({
        text: "x",
        segments: [{ speaker: "Ada", text: "We train with LoRA.", start: 0 }, { text: "And then?" }],
      }),
    ],
    ["e.jsonl", '{"speaker":"Ada","text":"We train with LoRA."}\n{"text":"And then?"}\n'],
    [
      "f.srt",
      "1\n00:00:01,000 --> 00:00:02,000\nAda: We train with LoRA.\n\n2\n00:00:03,000 --> 00:00:04,000\nAnd then?\n\n",
    ],
  ])("reads turns from %s", async (name, content) => {
    expect(await read(name, content)).toEqual(turns);
  });

  it.each([
    ["bad.json", "{", /bad\.json: not valid JSON/],
    ["odd.json", '[{"words":1}]', /odd\.json\[0\]: not a history: needs the field `text`/],
    ["odd.jsonl", '{"text":"a"}\n{"b":1}\n', /odd\.jsonl:2/],
    ["binary.txt", Buffer.from([0, 1, 2]), /binary data/],
  ])("refuses %s and says why", async (name, content, message) => {
    await expect(read(name, content)).rejects.toMatchObject({
      code: "unsupported-document",
      message: expect.stringMatching(message),
    });
  });

  it("keeps the end of what is too long, and takes an empty file", async () => {
    const long = await read("long.txt", `first\n${`${"word ".repeat(2000)}\n`.repeat(150)}last\n`);
    expect(long.at(-1)!.text).toBe("last");
    expect(long[0]!.text).not.toBe("first");
    expect(await read("empty.txt", "")).toEqual([]);
  });

  it("refuses missing files", async () => {
    await expect(readHistory(join(folder, "none"))).rejects.toMatchObject({ code: "unreadable-input" });
  });
});

describe("a history", () => {
  it("is shown to the model without names, the end first of all", () => {
    expect(historyText(turns)).toBe("We train with LoRA. And then?");
    expect(historyText(turns, 9)).toBe("And then?");
    expect(historyText([])).toBe("");
  });

  it("raises the terms that were said as whole words", () => {
    const term = (text: string, weight = 1) => ({ text, spokenForms: [], weight });
    const raised = raiseTermsSaid(
      [
        term("LoRA"),
        term("rain"),
        term("Ada"),
        term("then", 10),
        term("off", 0),
        { ...term("X9"), spokenForms: ["we train"] },
      ],
      turns,
    );
    expect(raised.map(({ weight }) => weight)).toEqual([1.5, 1, 1.5, 10, 0, 1.5]);
    expect(raiseTermsSaid([term("语音识别")], [{ speaker: "", text: "今天讲语音识别。" }])[0]!.weight).toBe(
      1.5,
    );
  });
});
