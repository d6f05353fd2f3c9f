import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSamples } from "../../audio/read-samples.ts";
import { GlossaError } from "../../errors.ts";
import { readTrainingSets } from "../data/training-utterances.ts";
import { CommandSynthesiser, splitCommand } from "./command-synthesiser.ts";
import { listsOf, readTexts } from "./read-texts.ts";
import { synthesise, type SynthesiseOptions } from "./synthesise.ts";
import type { Synthesiser } from "./synthesiser.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-synthesis-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Hums for as long as the text is. */
class Hummer implements Synthesiser {
  readonly name = "hummer";
  readonly voices = ["low", "high", "deep", "foreign"];
  readonly said: string[] = [];
  voicesOf(language: string) {
    return language === "en" ? ["low", "high", "deep"] : [];
  }
  async speak(text: string, { voice }: { voice: string }) {
    if (text.includes("broken")) throw new GlossaError("runtime-failed", "cannot say that");
    this.said.push(`${voice}: ${text}`);
    const samples = Float32Array.from({ length: 2400 * text.length }, (_, i) => Math.sin(i / 20) / 2);
    return { samples, sampleRate: 24_000 };
  }
  async [Symbol.asyncDispose]() {}
}

const english = (text: string) => ({ text, language: "en", place: "texts.txt:1" });
const make = (synthesiser: Synthesiser, more: Partial<SynthesiseOptions> = {}) =>
  synthesise({ texts: [english("hello there"), english("good night")], synthesiser, folder, ...more });

describe("synthesis", () => {
  it("writes a data set that training reads", async () => {
    const result = await make(new Hummer(), { voicesPerText: 2 });
    expect(result).toMatchObject({ made: 4, found: 0, problems: [] });
    const { utterances, problems } = await readTrainingSets([folder]);
    expect(problems).toEqual([]);
    expect(utterances.map(({ text }) => text)).toEqual([
      "hello there",
      "hello there",
      "good night",
      "good night",
    ]);
    expect(new Set(utterances.map(({ speaker }) => speaker)).size).toBeGreaterThan(1);
    // 16 kHz, as long as it was spoken.
    expect((await readSamples(utterances[0]!.audio)).length).toBe((2400 * 11 * 16) / 24);
  });

  it("lets a voice of another language speak when it is named", async () => {
    const hummer = new Hummer();
    await make(hummer, { voices: ["foreign"] });
    expect(hummer.said).toEqual(["foreign: hello there", "foreign: good night"]);
  });

  it("goes on where it was stopped, with the same voices", async () => {
    const whole = new Hummer();
    await make(whole);
    await rm(folder, { recursive: true });
    const stop = new AbortController();
    const first = new Hummer();
    const onProgress = ({ done }: { done: number }) => done === 1 && stop.abort(new Error("stopped"));
    await expect(make(first, { signal: stop.signal, onProgress })).rejects.toThrow("stopped");
    // Cut off in the middle of a line.
    await writeFile(join(folder, "manifest.jsonl"), '{"id": "half', { flag: "a" });
    const second = new Hummer();
    expect(await make(second)).toMatchObject({ made: 1, found: 1 });
    expect([...first.said.slice(0, 1), ...second.said]).toEqual(whole.said);
    const rows = (await readFile(join(folder, "manifest.jsonl"), "utf8")).trim().split("\n");
    expect(rows.map((row) => JSON.parse(row).text)).toEqual(["hello there", "good night"]);
    expect(await readdir(join(folder, "audio"))).toHaveLength(2);
  });

  it("names texts that cannot be spoken, and fails when none can", async () => {
    const result = await make(new Hummer(), { texts: [english("fine"), english("this is broken")] });
    expect(result.problems).toEqual([
      expect.stringMatching(/^texts\.txt:1: "this is broken" \(\w+\): cannot say that$/),
    ]);
    await expect(make(new Hummer(), { texts: [english("broken")] })).rejects.toThrow("cannot say that");
    const chinese = { text: "你好", language: "zh", place: "texts.txt:2" };
    await expect(make(new Hummer(), { texts: [chinese] })).rejects.toThrow(
      "texts.txt:2: hummer does not speak zh",
    );
    await expect(make(new Hummer(), { voices: ["loud", "low"] })).rejects.toThrow(
      "hummer has no voice loud; of en there are low, high, deep",
    );
  });
});

/** A program that writes what it was given, as a WAV file and beside it. */
const program = `
import { readFileSync, writeFileSync } from "node:fs";
const [out, text = readFileSync(0, "utf8")] = process.argv.slice(2);
if (text.includes("fail")) { console.error("no such voice"); process.exit(3); }
const bytes = Buffer.alloc(44 + 3200, 100);
bytes.write("RIFF"); bytes.writeUInt32LE(36 + 3200, 4); bytes.write("WAVEfmt ", 8); bytes.writeUInt32LE(16, 16);
bytes.writeUInt16LE(1, 20); bytes.writeUInt16LE(1, 22); bytes.writeUInt32LE(16000, 24); bytes.writeUInt32LE(32000, 28);
bytes.writeUInt16LE(2, 32); bytes.writeUInt16LE(16, 34); bytes.write("data", 36); bytes.writeUInt32LE(3200, 40);
for (let i = 44; i < bytes.length; i += 4) bytes.writeInt16LE(9000, i);
if (!text.includes("silent")) writeFileSync(out, bytes);
writeFileSync(process.env.SAID, text);
`;

describe("a command as a synthesiser", () => {
  const speak = async (command: string, text: string) => {
    const script = join(folder, "speak.mjs");
    await writeFile(script, program);
    process.env.SAID = join(folder, "said");
    await using synthesiser = new CommandSynthesiser(
      command.replace("SPEAK", `"${process.execPath}" "${script}"`),
    );
    const { samples } = await synthesiser.speak(text, { voice: "default", language: "en", speed: 1 });
    expect(samples.length).toBe(1600);
    return readFile(join(folder, "said"), "utf8");
  };

  it.each(['it\'s "quoted"', "$(touch hacked) `touch hacked`; touch hacked | & > hacked", "{out} %s \\n"])(
    "gets the text as it is, whatever it holds: %s",
    async (text) => {
      expect(await speak("SPEAK {out} {text}", text)).toBe(text);
      expect(await speak("SPEAK {out}", text)).toBe(text);
      expect(await stat(join(process.cwd(), "hacked")).catch(() => null)).toBeNull();
    },
  );

  it("never gets a text as an option", async () => {
    expect(await speak("SPEAK {out} {text}", "--version")).toBe(" --version");
  });

  it.each([
    ["SPEAK {out} {text}", "fail", /ended with code 3: no such voice$/],
    ["SPEAK {out} {text}", "silent", /wrote no audio to {out}$/],
    ["no-such-program-here {out}", "text", /^no-such-program-here is not installed, or not on the PATH$/],
  ])("says what went wrong with %s %s", async (command, text, message) => {
    await expect(speak(command, text)).rejects.toThrow(message);
  });

  it.each([
    ["flite -t {text}", "say with {out} where"],
    ["flite -voice {voice} -o {out}", "name voices with --voice"],
    ["flite -o {out} {txt}", "{txt} stands for nothing"],
    ["flite 'x {out}", "a ' is not closed"],
    ["", "there is no command"],
  ])("refuses %j", (command, message) => {
    expect(() => new CommandSynthesiser(command)).toThrow(message);
  });

  it("is split into words as a shell would", () => {
    expect(splitCommand(`a  "b c" d'e f'g ''`)).toEqual(["a", "b c", "de fg", ""]);
  });
});

describe("texts", () => {
  it("are the lines of files, each once, their language found by script", async () => {
    const file = join(folder, "texts.txt");
    await writeFile(file, "# a comment\nHello  there\n\n你好\nHello there\n#1 Crush\n");
    expect(await readTexts([file])).toEqual([
      { text: "Hello there", language: "en", place: "texts.txt:2" },
      { text: "你好", language: "zh", place: "texts.txt:4" },
      { text: "#1 Crush", language: "en", place: "texts.txt:6" },
    ]);
    await writeFile(file, "# nothing\n");
    await expect(readTexts([file])).rejects.toThrow("texts.txt: no texts");
  });

  it("become lists of three to seven words in which all come equally often", () => {
    const words = Array.from({ length: 20 }, (_, i) => english(`word${i}`));
    const lists = listsOf(words, 200, 1);
    const counts = new Map<string, number>();
    for (const { text } of lists) {
      const parts = text.replace(/\.$/, "").split(", ");
      expect(parts.length).toBeGreaterThanOrEqual(3);
      expect(parts.length).toBeLessThanOrEqual(7);
      expect(new Set(parts).size).toBe(parts.length);
      for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1);
    }
    expect(lists).toHaveLength(200);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThan(10);
    expect(listsOf(words, 200, 1)).toEqual(lists);
  });
});
