import { pptxOf } from "../context/documents/testing/documents.ts";
import type { Term } from "../context/term.ts";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GlossaError } from "../errors.ts";
import { fakeSegment, fakeTermReport, fakeTranscript, runFake, saying } from "./testing/fake-environment.ts";

let folder: string;
let talk: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-cli-"));
  talk = await inFolder("talk.wav");
});
afterEach(() => rm(folder, { recursive: true }));

async function inFolder(name: string, content = "audio"): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content);
  return path;
}

const never = () => new Promise<never>(() => {});

describe("glossa transcribe", () => {
  it("writes the result and nothing else to a pipe", async () => {
    const run = await runFake(["transcribe", talk], { stream: saying("Hello", "there.") });
    expect(run).toMatchObject({ exitCode: 0, stdout: "Hello\nthere.\n", stderr: "", disposed: 1 });
  });

  it("hands every option on", async () => {
    const terms = await inFolder("terms.csv", "LoRA,2,low ra\n");
    const more = await inFolder("more.txt", "GPU\n");
    const options =
      "--term Qwen2-VL --term BLEU --language ZH --model whisper-base --beam 3 --temperature 0,0.5 --seed 7 " +
      "--no-word-times --no-voice-activity --no-previous-text --trailing-silence 6.5 --threads 2 --device cuda --offline " +
      "--cache /cache --format json";
    const run = await runFake(["transcribe", talk, "--terms", terms, "--terms", more, ...options.split(" ")]);
    expect(run.exitCode).toBe(0);
    expect(JSON.parse(run.stdout)).toEqual(fakeTranscript([fakeSegment("Hello there.")]));
    expect(run.loaded).toEqual([
      expect.objectContaining({
        model: "whisper-base",
        device: "cuda",
        threads: 2,
        trailingSilence: 6.5,
        offline: true,
        cacheFolder: "/cache",
      }),
    ]);
    expect(run.recognised).toHaveLength(1);
    expect(run.recognised[0].input).toBe(talk);
    expect(run.recognised[0].options).toMatchObject({
      language: "zh",
      beamSize: 3,
      temperatures: [0, 0.5],
      seed: 7,
      wordTimes: false,
      voiceActivity: false,
      previousText: false,
    });
    expect(run.recognised[0].options.terms).toEqual([
      { text: "LoRA", weight: 2, spokenForms: ["low ra"], source: `${terms}:1` },
      { text: "GPU", weight: 1, spokenForms: [], source: `${more}:1` },
      { text: "Qwen2-VL", weight: 1, spokenForms: [], source: "--term" },
      { text: "BLEU", weight: 1, spokenForms: [], source: "--term" },
    ]);
  });

  it("leaves what is not given to the library's defaults", async () => {
    const run = await runFake(["transcribe", "-"]);
    expect(run.recognised[0].input).toBe("-");
    expect(Object.values(run.loaded[0]).filter((value) => value !== undefined)).toHaveLength(2);
    expect(run.recognised[0].options).toMatchObject({
      wordTimes: true,
      voiceActivity: true,
    });
    expect(run.recognised[0].options.previousText).toBeUndefined();
    expect(run.recognised[0].options.beamSize).toBeUndefined();
  });

  it("writes to a file in the format of its ending", async () => {
    const output = join(folder, "talk.vtt");
    const run = await runFake(["transcribe", talk, "--output", output]);
    expect(run).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    expect(await readFile(output, "utf8")).toMatch(/^WEBVTT\n/);
    expect((await readdir(folder)).sort()).toEqual(["talk.vtt", "talk.wav"]);
  });

  it("gives inputs of the same name different outputs", async () => {
    const inputs = [
      talk,
      await inFolder("a/Talk.mp3"),
      await inFolder("b/talk.wav"),
      await inFolder("other.ogg"),
    ];
    const run = await runFake(["transcribe", ...inputs, "--output", join(folder, "out"), "--format", "srt"]);
    expect(run.exitCode).toBe(0);
    const names = await readdir(join(folder, "out"));
    expect(names.sort()).toEqual(["Talk-2.srt", "other.srt", "talk-3.srt", "talk.srt"]);
  });

  it("prints several inputs as text one under the other, and refuses to run other formats together", async () => {
    const inputs = [talk, await inFolder("b.wav")];
    expect((await runFake(["transcribe", ...inputs])).stdout).toBe(
      `==> ${inputs[0]} <==\nHello there.\n==> ${inputs[1]} <==\nHello there.\n`,
    );
    const run = await runFake(["transcribe", ...inputs, "--format", "srt"]);
    expect(run).toMatchObject({ exitCode: 2, loaded: [] });
    expect(run.stderr).toBe("error: several inputs as srt need --output FOLDER\n");
  });

  it("goes on after an input that fails, and says so at the end", async () => {
    const inputs = [join(folder, "none.wav"), talk, await inFolder("broken.wav"), folder];
    const run = await runFake(["transcribe", ...inputs, "--output", join(folder, "out")], {
      stream: async function* (input, options) {
        if (input === inputs[2]) throw new GlossaError("unsupported-audio", `${inputs[2]}: not audio`);
        yield* saying("Fine.")(input, options);
      },
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr.split("\n")).toEqual([
      `error: ${inputs[0]}: no such file`,
      `error: ${folder}: is a folder; give the files in it, such as folder/*.wav`,
      `error: ${inputs[2]}: not audio`,
      `error: 3 of 4 inputs failed: ${inputs[0]}, ${folder}, ${inputs[2]}`,
      "",
    ]);
    expect(await readFile(join(folder, "out", "talk.txt"), "utf8")).toBe("Fine.\n");
  });

  it("loads no model when no input can be read", async () => {
    const run = await runFake(["transcribe", join(folder, "none.wav")]);
    expect(run).toMatchObject({ exitCode: 1, loaded: [] });
  });

  it.each([
    ["model-unavailable", 3],
    ["model-corrupt", 3],
    ["invalid-argument", 2],
    ["runtime-failed", 1],
  ] as const)("gives %s while loading the exit code %i", async (code, exitCode) => {
    const run = await runFake(["transcribe", talk], {
      onLoad: () => {
        throw new GlossaError(code, "no such thing");
      },
    });
    expect(run).toMatchObject({ exitCode, stdout: "", stderr: "error: no such thing\n" });
  });

  it("refuses a broken glossary before it loads a model", async () => {
    const binary = await inFolder("terms.txt", "\0\0");
    for (const terms of [binary, join(folder, "none.txt"), await inFolder("bad.csv", "LoRA,-1\n")]) {
      const run = await runFake(["transcribe", talk, "--terms", terms]);
      expect(run).toMatchObject({ exitCode: 2, loaded: [], stdout: "" });
      expect(run.stderr).toContain(`error: ${terms}`);
    }
  });

  it("passes on warnings of glossaries and transcripts", async () => {
    const terms = await inFolder("terms.txt", "");
    const run = await runFake(["transcribe", talk, "--terms", terms, "--quiet"], {
      stream: async function* () {
        yield { type: "transcript", transcript: fakeTranscript([], { warnings: ["no speech found"] }) };
      },
    });
    expect(run.stderr).toBe(`warning: ${terms}: holds no terms\nwarning: ${talk}: no speech found\n`);
    expect(run.stdout).toBe("");
  });

  it("fails when the result cannot be written", async () => {
    const run = await runFake(["transcribe", talk], { stdoutError: new Error("no space left on device") });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe(`error: ${talk}: cannot write to standard output: no space left on device\n`);
  });

  it("refuses to overwrite an input", async () => {
    const run = await runFake(["transcribe", talk, "--output", talk]);
    expect(run).toMatchObject({ exitCode: 2, loaded: [] });
    expect(await readFile(talk, "utf8")).toBe("audio");
  });

  it("says in one line that something unexpected happened, and more with --verbose", async () => {
    const stream: ReturnType<typeof saying> = async function* () {
      yield { type: "segment", segment: fakeSegment("Before.") };
      throw new TypeError("odd");
    };
    const run = await runFake(["transcribe", talk], { stream });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe(
      `error: ${talk}: unexpected: TypeError: odd (run again with --verbose for details)\n`,
    );
    const verbose = await runFake(["transcribe", talk, "--verbose"], { stream });
    expect(verbose.stderr).toContain("    at ");
  });
});

describe("glossa transcribe, on a terminal", () => {
  it("prints segments as they come, once", async () => {
    const seen: string[] = [];
    const run = await runFake(["transcribe", talk], {
      stdoutIsTerminal: true,
      stream: async function* (input, options) {
        for await (const event of saying("One.", "Two.")(input, options)) {
          seen.push(event.type);
          yield event;
        }
      },
    });
    expect(run.stdout).toBe("One.\nTwo.\n");
    expect(seen).toEqual(["segment", "progress", "segment", "progress", "transcript"]);
  });

  it("shows progress with speed and time left, and the terms written", async () => {
    const transcript = fakeTranscript([fakeSegment("LoRA.")], {
      terms: [
        fakeTermReport("GPU", "boosted", 0),
        fakeTermReport("LoRA", "written", 2),
        fakeTermReport("x", "dropped", 0),
      ],
    });
    const args = ["transcribe", talk, "--term", "LoRA", "--output", join(folder, "talk.json")];
    const fake = {
      stderrIsTerminal: true,
      stream: async function* () {
        yield { type: "progress" as const, progress: { processedSeconds: 0, totalSeconds: 120 } };
        await sleep(250);
        yield { type: "progress" as const, progress: { processedSeconds: 30, totalSeconds: 120 } };
        yield { type: "transcript" as const, transcript };
      },
    };
    const run = await runFake(args, fake);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/talk\.wav .* 25% {2}0:30 of 2:00, \d+\.\d× real time, 0:00 left/);
    expect(run.stderr).toContain("terms: 1 of 3 written: LoRA ×2; 1 dropped\n");

    const quiet = await runFake([...args, "--quiet"], fake);
    expect(quiet.stderr).toBe("");
  });

  it("shows downloads", async () => {
    const onLoad: NonNullable<Parameters<typeof runFake>[1] & object> = {
      onLoad: (options) => {
        for (const receivedBytes of [0, 5e6])
          options.onDownload?.({ file: "m/encoder.onnx", receivedBytes, totalBytes: 1e7 });
      },
    };
    const terminal = await runFake(["transcribe", talk], { ...onLoad, stderrIsTerminal: true });
    expect(terminal.stderr).toMatch(/downloading m\/encoder\.onnx .* 50% {2}5\.0 MB of 10 MB/);
    const pipe = await runFake(["transcribe", talk], onLoad);
    expect(pipe.stderr).toBe("downloading m/encoder.onnx (10 MB)\n");
  });
});

describe("glossa transcribe, interrupted", () => {
  it("keeps finished files and writes the finished part of the one that runs", async () => {
    const other = await inFolder("other.wav");
    const third = await inFolder("third.wav");
    const out = join(folder, "out");
    const run = await runFake(
      ["transcribe", talk, other, third, "--format", "json", "--output", out],
      (interrupt) => ({
        stream: async function* (input, options) {
          if (input === talk) return yield* saying("Done.")(input, options);
          yield { type: "segment", segment: fakeSegment("Half", 0) };
          yield { type: "segment", segment: fakeSegment("way.", 61) };
          interrupt();
          await never();
        },
      }),
    );
    expect(run.exitCode).toBe(130);
    expect(run.recognised.map(({ input }) => input)).toEqual([talk, other]);
    const message = "interrupted after 1:02; the rest of the recording is missing";
    expect(run.stderr).toBe(`warning: ${other}: ${message}\n`);
    expect((await readdir(out)).sort()).toEqual(["other.json", "talk.json"]);
    expect(JSON.parse(await readFile(join(out, "other.json"), "utf8"))).toMatchObject({
      text: "Half way.",
      durationSeconds: 62,
      warnings: [message],
    });
  });

  it("prints what is done to a pipe, also when the recogniser throws its own abort error", async () => {
    const run = await runFake(["transcribe", talk], (interrupt) => ({
      stream: async function* (_input, options) {
        yield { type: "segment", segment: fakeSegment("Half way.") };
        interrupt();
        options.signal?.throwIfAborted();
      },
    }));
    expect(run).toMatchObject({ exitCode: 130, stdout: "Half way.\n" });
  });

  it("writes no file when nothing is done", async () => {
    const output = join(folder, "talk.txt");
    const run = await runFake(["transcribe", talk, "--output", output], (interrupt) => ({
      stream: async function* () {
        interrupt();
        await never();
        yield { type: "transcript", transcript: fakeTranscript([]) };
      },
    }));
    expect(run.exitCode).toBe(130);
    expect(await readdir(folder)).toEqual(["talk.wav"]);
  });

  it("stops while the model loads", async () => {
    const run = await runFake(["transcribe", talk], (interrupt) => ({
      onLoad: async () => {
        interrupt();
        await never();
      },
    }));
    expect(run).toMatchObject({ exitCode: 130, stdout: "", stderr: "" });
  });
});

describe("glossa transcribe with context", () => {
  it("gives the recogniser the terms of documents beside the user's own, people, and the history", async () => {
    const deck = join(folder, "deck.md");
    const history = join(folder, "history.txt");
    await writeFile(deck, "# Qwen2-VL\n\nTrained with LoRA by Lena Hoffmann.\n");
    await writeFile(history, "Ada: We talked of LoRA.\n");
    const run = await runFake(
      ["transcribe", talk, "--term", "LoRA"].concat(
        ["--context", deck, "--history", history],
        ["--participant", "Priya Ramaswamy", "--about", "a talk on RoPE"],
      ),
    );
    expect(run.exitCode).toBe(0);
    const { terms, history: said } = run.recognised[0]!.options;
    const texts = (terms as (string | Term)[]).map((term) => (typeof term === "string" ? term : term.text));
    expect(texts).toEqual(expect.arrayContaining(["Qwen2-VL", "Lena Hoffmann", "Priya Ramaswamy", "RoPE"]));
    expect(texts.filter((text) => text === "LoRA")).toHaveLength(1);
    expect(said).toBe("We talked of LoRA.");
  });

  it("refuses times of slides that the deck does not have", async () => {
    const deck = join(folder, "deck.pptx");
    const times = join(folder, "times.csv");
    await writeFile(deck, pptxOf([{ title: "LoRA", lines: ["Qwen2-VL"] }]));
    await writeFile(times, "slide,start\n1,0\n7,30\n");
    const run = await runFake(["transcribe", talk, "--slides", deck, "--slide-times", times]);
    expect(run).toMatchObject({ exitCode: 2, loaded: [] });
    expect(run.stderr).toContain(`there is no slide 7; ${deck} has 1`);
  });

  it.each([
    [["--context", "none.pdf"], "none.pdf: no such file"],
    [["--history", "none.json"], "none.json: no such file"],
    [["--slide-times", "x.csv"], "need --slides"],
    [["--slides", "none.pdf"], "none.pdf: no such file"],
  ])("refuses %j before anything is loaded", async (args, message) => {
    const run = await runFake(["transcribe", talk, ...args]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(message);
    expect(run.loaded).toEqual([]);
  });
});
