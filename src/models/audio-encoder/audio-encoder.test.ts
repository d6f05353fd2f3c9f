import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { cast, multiply, reshape } from "../../graph/operators.ts";
import { Program } from "../../graph/program.ts";
import { writeProgram } from "../../graph/write-program.ts";
import { loadFrameSource, loadSpeechModel } from "../../recognise/load-model.ts";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "glossa-audio-encoder-"));
afterAll(() => rm(folder, { recursive: true }));

/** The tone of tools/fixtures/audio_encoder.py. */
function risingTone(seconds: number): Float32Array {
  return Float32Array.from({ length: seconds * 16_000 }, (_, i) => {
    const time = i / 16_000;
    return 0.2 + 0.1 * Math.sin(2 * Math.PI * (200 * time + 400 * time ** 2));
  });
}

/** The model with some of its files changed. */
async function changed(name: string, files: Record<string, string | null>): Promise<string> {
  const copy = join(folder, name);
  await cp(fixtures, copy, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    if (content === null) await rm(join(copy, file));
    else await writeFile(join(copy, file), content);
  }
  return copy;
}

describe("an encoder of the wav2vec 2.0 family", () => {
  it("gives the frames that transformers gives", async () => {
    const expected = JSON.parse(await readFile(join(fixtures, "frames.json"), "utf8")) as {
      frames: number[][];
    };
    await using encoder = await loadFrameSource({ model: fixtures });
    using heard = await encoder.encode(risingTone(0.5));
    expect(encoder).toMatchObject({ id: "fixtures", frameRate: 50, maximumSeconds: 30, leadInSeconds: 0 });
    expect(heard).toMatchObject({ frames: expected.frames.length, width: 16, durationSeconds: 0.5 });
    const rows = expected.frames.flat();
    const furthest = rows.reduce((most, value, i) => Math.max(most, Math.abs(value - heard.data[i]!)), 0);
    expect(furthest).toBeLessThan(2e-4);
  });

  it("hears what is shorter than a frame, and refuses what is longer than a window", async () => {
    await using encoder = await loadFrameSource({ model: fixtures });
    using heard = await encoder.encode(risingTone(0.01));
    expect(heard.frames).toBe(1);
    await expect(encoder.encode(new Float32Array(31 * 16_000))).rejects.toThrow(RangeError);
  });

  it("tells a graph that asks for a mask that all samples count, and leaves loudness alone when told", async () => {
    const program = new Program("masked");
    const samples = program.input("input_values", "float32", [1, "samples"]);
    const mask = program.input("attention_mask", "int64", [1, "samples"]);
    const heard = multiply(samples, cast(mask, "float32"));
    program.output("last_hidden_state", reshape(heard, [1, "samples", 1]));
    const model = await changed("masked", {
      "config.json": '{"model_type": "hubert", "conv_kernel": [1], "conv_stride": [1]}',
      "preprocessor_config.json": '{"do_normalize": false}',
    });
    await writeFile(join(model, "model.onnx"), writeProgram(program));
    await using encoder = await loadFrameSource({ model });
    using frames = await encoder.encode(Float32Array.of(0.5, -0.25));
    expect([...frames.data]).toEqual([0.5, -0.25]);
    expect(encoder.frameRate).toBe(16_000);
  });

  it("refuses a graph that wants something else", async () => {
    const program = new Program("other");
    const samples = program.input("input_values", "float32", [1, "samples"]);
    const other = program.input("speaker", "float32", [1]);
    program.output("last_hidden_state", reshape(multiply(samples, other), [1, "samples", 1]));
    const model = await changed("other", {});
    await writeFile(join(model, "model.onnx"), writeProgram(program));
    await expect(loadFrameSource({ model })).rejects.toThrow("has the inputs input_values, speaker");
  });

  it("is no recogniser", async () => {
    await expect(loadSpeechModel({ model: fixtures })).rejects.toThrow("listens but does not write");
  });

  it.each([
    ["rate", { "preprocessor_config.json": '{"sampling_rate": 8000}' }, "sampling_rate is 8000"],
    ["strides", { "config.json": '{"model_type": "hubert", "conv_kernel": [10]}' }, "conv_stride"],
    [
      "kernels",
      { "config.json": '{"model_type": "hubert", "conv_kernel": [10], "conv_stride": [5, 2]}' },
      "conv_kernel: must have as many",
    ],
    ["graph", { "model.onnx": null }, "lacks encoder.onnx"],
    ["preprocessor", { "preprocessor_config.json": "{" }, "preprocessor_config.json cannot be read"],
    [
      "type",
      { "config.json": '{"model_type": "clap"}' },
      "known are whisper, moonshine, and of encoders data2vec-audio",
    ],
  ])(
    "says what is wrong with its files (%s)",
    async (name, files: Record<string, string | null>, message) => {
      await expect(loadFrameSource({ model: await changed(name, files) })).rejects.toThrow(message);
    },
  );
});
