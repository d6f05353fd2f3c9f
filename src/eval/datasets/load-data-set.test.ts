import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DataFormat } from "./detect-data-format.ts";
import { loadDataSet } from "./load-data-set.ts";
import { promptKeywords } from "./slidespeech.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "glossa-data-"));
});
afterEach(() => rm(root, { recursive: true }));

/** Writes files; audio is not looked into here. */
async function files(contents: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

const jsonLines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
/** Without what is not known. */
const known = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
const problemsOf = (path: string) =>
  loadDataSet(join(root, path)).then(
    () => [],
    (error: Error) => error.message.split("\n  ").slice(1),
  );

describe("manifests", () => {
  const row = {
    audio: "audio/a.opus",
    text: "Hello LoRA",
    language: "en",
    duration: 1.5,
    speaker: "s",
    terms: ["LoRA"],
    rare_words: ["lora"],
    keywords: [],
    segments: [{ start: 0, end: 1, text: "Hello LoRA", id: "x" }],
    context: "slide",
    source: "somewhere",
  };

  it("are read with all that they say", async () => {
    await files({ "my-set/manifest.jsonl": jsonLines(row), "my-set/audio/a.opus": "" });
    for (const path of ["my-set", "my-set/manifest.jsonl"]) {
      expect(known(await loadDataSet(join(root, path)))).toEqual({
        name: "my-set",
        source: join(root, path),
        format: "manifest",
        utterances: [
          {
            id: "a",
            audio: join(root, "my-set/audio/a.opus"),
            text: "Hello LoRA",
            language: "en",
            durationSeconds: 1.5,
            speaker: "s",
            terms: ["LoRA"],
            rareWords: ["lora"],
            keywords: [],
            segments: [{ start: 0, end: 1, text: "Hello LoRA" }],
            context: "slide",
          },
        ],
        skipped: [],
        glossary: null,
      });
    }
  });

  it("have every unusable row listed, and the rest run only when asked", async () => {
    const lines = [
      JSON.stringify({ audio: "a.wav", text: "good" }),
      JSON.stringify({ audio: "missing.wav", text: "x" }),
      "{broken",
      "",
      JSON.stringify({ audio: "a.wav", text: 5, terms: [1] }),
      JSON.stringify({ text: "no audio" }),
      JSON.stringify({ audio: ".", text: "a folder" }),
      JSON.stringify({ audio: "a.wav", text: "the same again" }),
    ];
    await files({ "manifest.jsonl": lines.join("\n"), "a.wav": "" });
    const problems = await problemsOf("manifest.jsonl");
    expect(problems.map((problem) => problem.split(": ")[0])).toEqual(
      [2, 3, 5, 6, 7, 8].map((line) => `manifest.jsonl:${line}`),
    );
    expect(problems[0]).toContain(`no audio file ${join(root, "missing.wav")}`);
    expect(problems[2]).toMatch(/text: .*terms\.0: /);
    expect(problems[5]).toContain("the utterance a stands at manifest.jsonl:1 already");
    const { utterances, skipped } = await loadDataSet(join(root, "manifest.jsonl"), { skipBad: true });
    expect(utterances.map(({ text }) => text)).toEqual(["good"]);
    expect(skipped).toEqual(problems);
  });

  it("name utterances by their folders where the names of files are not unique", async () => {
    const rows = ["x/1.wav", "y/1.wav", "y/2.wav"].map((audio) => ({ audio, text: "" }));
    await files({ "m.jsonl": jsonLines(...rows), "x/1.wav": "", "y/1.wav": "", "y/2.wav": "" });
    const { utterances, name } = await loadDataSet(join(root, "m.jsonl"));
    expect(utterances.map(({ id }) => id)).toEqual(["x/1", "y/1", "2"]);
    expect(name).toBe("m");
  });

  it("may have their audio elsewhere", async () => {
    await files({ "m/manifest.jsonl": jsonLines({ audio: "a.wav", text: "" }), "audio/a.wav": "" });
    const { utterances } = await loadDataSet(join(root, "m"), { audioRoot: join(root, "audio") });
    expect(utterances[0].audio).toBe(join(root, "audio/a.wav"));
  });

  it("without rows are refused", async () => {
    await files({ "empty.jsonl": "\n" });
    const empty = loadDataSet(join(root, "empty.jsonl"), { format: "manifest" });
    await expect(empty).rejects.toThrow("there are no utterances in it");
  });
});

describe("other formats", () => {
  it("LibriSpeech folders", async () => {
    await files({
      "test-clean/1/2/1-2.trans.txt": "1-2-0000 HELLO THERE\n1-2-0001 AGAIN\n",
      "test-clean/1/2/1-2-0000.flac": "",
      "test-clean/1/2/1-2-0001.flac": "",
    });
    const { format, name, utterances } = await loadDataSet(join(root, "test-clean"));
    expect({ format, name }).toEqual({ format: "librispeech", name: "test-clean" });
    expect(utterances).toEqual([
      {
        id: "1-2-0000",
        audio: join(root, "test-clean/1/2/1-2-0000.flac"),
        text: "HELLO THERE",
        language: "en",
      },
      { id: "1-2-0001", audio: join(root, "test-clean/1/2/1-2-0001.flac"), text: "AGAIN", language: "en" },
    ]);
    await rm(join(root, "test-clean/1/2/1-2-0001.flac"));
    expect(await problemsOf("test-clean")).toEqual(["1-2.trans.txt:2: no audio file named 1-2-0001"]);
  });

  it("LibriSpeech deep-biasing lists", async () => {
    const row = ["1-2-0000", "HELLO LORA", '["lora"]', '["lora", "it\'s", "rope"]'].join("\t");
    await files({ "clean.tsv": `${row}\n1-2-0001\tAGAIN\t[]\tnothing\n`, "audio/1/1-2-0000.flac": "" });
    const path = join(root, "clean.tsv");
    await expect(loadDataSet(path)).rejects.toThrow("--audio-root");
    const options = { audioRoot: join(root, "audio"), skipBad: true };
    const { format, utterances, skipped } = await loadDataSet(path, options);
    expect(format).toBe("librispeech-biasing");
    expect(utterances).toEqual([
      {
        id: "1-2-0000",
        audio: join(root, "audio/1/1-2-0000.flac"),
        text: "HELLO LORA",
        language: "en",
        rareWords: ["lora"],
        distractors: ["it's", "rope"],
      },
    ]);
    expect(skipped).toEqual(["clean.tsv:2: the word lists are no JSON arrays"]);
  });

  it("Kaldi folders", async () => {
    await files({
      "dev/wav.scp": "a a.wav\nb flac -dc b.flac |\nc data.ark:17\nd d.wav\n",
      "dev/text": "a hello there\nb again\nc more\nz nobody\n",
      "dev/utt2spk": "a anna\n",
      "dev/utt2dur": "a 2.5\n",
      "dev/a.wav": "",
      "dev/d.wav": "",
    });
    expect(await problemsOf("dev")).toEqual([
      "wav.scp:2: is a command (flac -dc b.flac |), which is not run; write its output to a file first",
      "wav.scp:3: is part of an archive (data.ark:17); copy it to a file first",
      "wav.scp:4: d has no line in text",
      "text:4: z has no line in wav.scp",
    ]);
    const { format, utterances } = await loadDataSet(join(root, "dev/wav.scp"), { skipBad: true });
    expect(format).toBe("kaldi");
    expect(utterances).toEqual([
      { id: "a", audio: join(root, "dev/a.wav"), text: "hello there", speaker: "anna", durationSeconds: 2.5 },
    ]);
    await files({ "dev/segments": "" });
    await expect(loadDataSet(join(root, "dev"))).rejects.toThrow("cut them into files first");
  });

  it("SlideSpeech and SAP² conversations, as lines and as an array", async () => {
    const prompt =
      "<audio>Transcribe speech to text according to keywords may appear in the utterance. Possible keywords are: ";
    const conversation = (user: unknown, assistant: string, audios = ["a.wav"]) => ({
      messages: [
        { role: "user", content: user },
        { role: "assistant", content: assistant },
      ],
      audios,
    });
    const rows = [
      conversation(`${prompt}<|startofcontext|>LoRA, New York<|endofcontext|>`, "we tuned lora"),
      conversation([{ type: "audio" }, { type: "text", text: `${prompt}none` }], "hello", ["b.wav"]),
      conversation(
        "Select keywords that may appear in the speech from the following keywords list: a, b",
        "a",
      ),
      conversation(prompt, "x", ["a.wav", "b.wav"]),
    ];
    await files({
      "t.jsonl": jsonLines(...rows),
      "t.json": JSON.stringify(rows, null, 2),
      "a.wav": "",
      "b.wav": "",
    });
    for (const [file, place] of [
      ["t.jsonl", (row: number) => `t.jsonl:${row + 1}`],
      ["t.json", (row: number) => `t.json[${row}]`],
    ] as const) {
      const { format, utterances, skipped } = await loadDataSet(join(root, file), { skipBad: true });
      expect(format).toBe("slidespeech");
      expect(known(utterances)).toEqual([
        { id: "a", audio: join(root, "a.wav"), text: "we tuned lora", terms: ["LoRA", "New York"] },
        { id: "b", audio: join(root, "b.wav"), text: "hello", terms: [] },
      ]);
      expect(skipped).toEqual([
        `${place(2)}: asks for a selection of keywords, so that its answer is no transcript`,
        `${place(3)}: audios: needs exactly one audio`,
      ]);
    }
    expect(promptKeywords("keywords list：模型，注意力、LoRA.")).toEqual(["模型", "注意力", "LoRA"]);
    expect(promptKeywords("Transcribe.")).toEqual([]);
  });

  it("AISHELL with a hotword list, whole or in part", async () => {
    await files({
      "aishell/transcript/aishell_transcript_v0.8.txt": "A1 而 对 楼市\nA2 设定\nA3 没有\n",
      "aishell/hotword.txt": "楼市\n设定\n",
      "aishell/wav/test/S1/A1.wav": "",
      "aishell/wav/dev/S2/A2.wav": "",
    });
    const whole = await loadDataSet(join(root, "aishell"));
    expect(whole).toMatchObject({ format: "aishell", name: "aishell", glossary: ["楼市", "设定"] });
    expect(whole.utterances.map(({ id }) => id)).toEqual(["A2", "A1"]);
    const part = await loadDataSet(join(root, "aishell/wav/test"));
    expect(part.utterances).toEqual([
      { id: "A1", audio: join(root, "aishell/wav/test/S1/A1.wav"), text: "而 对 楼市", language: "zh" },
    ]);
    await files({ "aishell/wav/test/S1/A9.wav": "" });
    expect(await problemsOf("aishell/wav/test")).toEqual([
      `${join(root, "aishell/wav/test/S1/A9.wav")}: has no line in transcript/*.txt`,
    ]);
  });

  it("Hugging Face exports and audio folders", async () => {
    await files({
      "export.jsonl": jsonLines(
        { id: 7, audio: { path: "a.wav", array: null }, sentence: "hello" },
        { audio: {}, text: "x" },
      ),
      "folder/metadata.jsonl": jsonLines(
        { file_name: "b.wav", transcription: "again" },
        { file_name: "b.wav" },
      ),
      "a.wav": "",
      "folder/b.wav": "",
    });
    const exported = await loadDataSet(join(root, "export.jsonl"), { skipBad: true });
    expect(exported.format).toBe("huggingface");
    expect(known(exported.utterances)).toEqual([{ id: "7", audio: join(root, "a.wav"), text: "hello" }]);
    expect(exported.skipped).toEqual(["export.jsonl:2: needs `audio.path` or `file_name`"]);
    const folder = await loadDataSet(join(root, "folder"), { skipBad: true });
    expect(folder.name).toBe("folder");
    expect(known(folder.utterances)).toEqual([{ id: "b", audio: join(root, "folder/b.wav"), text: "again" }]);
    expect(folder.skipped).toEqual(["metadata.jsonl:2: needs `sentence`, `text` or `transcription`"]);
  });

  it("are told when they cannot be found out", async () => {
    await files({ "notes.txt": "hello", "m.txt": jsonLines({ audio: "a.wav", text: "x" }), "a.wav": "" });
    await expect(loadDataSet(join(root, "notes.txt"))).rejects.toThrow(
      /looks like no known data set.*--dataset-format/,
    );
    await expect(loadDataSet(join(root, "nowhere"))).rejects.toMatchObject({ code: "unreadable-input" });
    expect((await loadDataSet(join(root, "m.txt"))).format).toBe("manifest");
    const formats: DataFormat[] = [
      "manifest",
      "huggingface",
      "slidespeech",
      "kaldi",
      "aishell",
      "librispeech",
    ];
    for (const format of formats) {
      await expect(loadDataSet(join(root, "nowhere"), { format })).rejects.toThrow(join(root, "nowhere"));
    }
    await files({ "broken.json": '[{"audio": ' });
    await expect(loadDataSet(join(root, "broken.json"))).rejects.toThrow("no valid JSON");
  });
});

const shared = fileURLToPath(new URL("../../../../shared/data", import.meta.url));

describe("the development sets", () => {
  it.skipIf(!existsSync(shared))("are all usable (needs ../shared/data)", async () => {
    const counts = { "en-lj001": 186, "en-barista-keywords": 200, "en-names": 65, "zh-aishell-s0150": 177 };
    for (const [name, count] of Object.entries(counts)) {
      const dataSet = await loadDataSet(join(shared, name));
      expect(dataSet).toMatchObject({ name, format: "manifest" });
      expect(dataSet.utterances).toHaveLength(count);
    }
  });
});
