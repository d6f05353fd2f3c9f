import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { resolveModel } from "./model-store.ts";
import { manifestOf, modelFile, temporaryFolder } from "./testing/weights-fixtures.ts";

describe("a folder as a model", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  async function write(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  }

  const whisperTexts = {
    "tokenizer.json": "{}",
    "config.json": '{"model_type": "whisper"}',
    "generation_config.json": '{"is_multilingual": false}',
    "preprocessor_config.json": "{}",
  };

  it("may have the names of a hub export; quantised graphs come first", async () => {
    await write({
      ...whisperTexts,
      "onnx/encoder_model.onnx": "",
      "onnx/encoder_model_quantized.onnx": "",
      "onnx/decoder_model_merged.onnx": "",
    });
    const model = await resolveModel(folder);
    expect(model.path("encoder.onnx")).toBe(join(folder, "onnx/encoder_model_quantized.onnx"));
    expect(model.path("decoder.onnx")).toBe(join(folder, "onnx/decoder_model_merged.onnx"));
    expect(model.path("config.json")).toBe(join(folder, "config.json"));
    expect(model.manifest).toMatchObject({ architecture: "whisper", languages: ["en"], license: "unknown" });
    expect(model.has("silero_vad.onnx")).toBe(false);
    expect(() => model.path("silero_vad.onnx")).toThrow(/has no silero_vad\.onnx/);
  });

  it("may have the names used here", async () => {
    await write({ "encoder.onnx": "", "decoder.onnx": "", "tokenizer.json": "{}" });
    await write({ "config.json": '{"model_type": "moonshine"}' });
    const model = await resolveModel(folder);
    expect(model.manifest.architecture).toBe("moonshine");
    expect(model.path("encoder.onnx")).toBe(join(folder, "encoder.onnx"));
  });

  it("may hold the voice activity model alone", async () => {
    await write({ "silero_vad.onnx": "" });
    expect((await resolveModel(folder)).manifest.architecture).toBe("silero-vad");
  });

  it("is checked against its manifest when it has one", async () => {
    const manifest = manifestOf([modelFile("encoder.onnx", Buffer.from("right"))]);
    await write({ "glossa-model.json": JSON.stringify(manifest), "encoder.onnx": "right" });
    const model = await resolveModel(folder, { offline: true });
    expect(model.manifest).toEqual(manifest);
    expect(model.path("encoder.onnx")).toBe(join(folder, "encoder.onnx"));
    await write({ "encoder.onnx": "wrong" });
    await expect(resolveModel(folder, { offline: true })).rejects.toThrow(/lacks encoder\.onnx/);
  });

  it("names the file that is missing", async () => {
    await write({ ...whisperTexts, "encoder.onnx": "" });
    await expect(resolveModel(folder)).rejects.toMatchObject({
      code: "model-unavailable",
      message: expect.stringMatching(/lacks decoder\.onnx or onnx\/decoder_model_merged_quantized\.onnx/),
    });
  });

  it.each([
    [{}, /neither glossa-model\.json nor config\.json/],
    [{ "config.json": '{"model_type": "bert"}' }, /model_type "bert"/],
    [{ "config.json": "{" }, /config\.json is not valid JSON/],
    [{ "config.json": "[1]" }, /model_type undefined/],
    [{ "config.json": "null" }, /config\.json is not a JSON object/],
    [{ "glossa-model.json": "{}" }, /glossa-model\.json is no model manifest/],
  ])("refuses %j", async (files, message) => {
    await write(files as Record<string, string>);
    await expect(resolveModel(folder)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringMatching(message),
    });
  });

  it("must exist when it is given as a path", async () => {
    await expect(resolveModel("openai/whisper-small")).rejects.toMatchObject({ code: "unreadable-input" });
  });
});
