import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadProgram } from "../../graph/testing/run-program.ts";
import { buildModel } from "../build-model.ts";
import expected from "../fixtures/bert/expected.json" with { type: "json" };
import { initialValues } from "../initial-values.ts";
import { BertEncoder, bertFiles } from "./bert-encoder.ts";
import type { WrittenText } from "./text-encoder.ts";

const checkpoint = fileURLToPath(new URL("../fixtures/bert", import.meta.url));
const width = 12;
const options = { dimension: width, frozen: false, dropout: 0 };

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "glossa-bert-"))));
afterEach(() => rm(folder, { recursive: true }));

/** A copy of the checkpoint with another configuration. */
async function changed(config: (config: Record<string, unknown>) => void): Promise<string> {
  for (const file of Object.values(bertFiles)) await copyFile(join(checkpoint, file), join(folder, file));
  const path = join(folder, bertFiles.config);
  const content = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  config(content);
  await writeFile(path, JSON.stringify(content));
  return folder;
}

function write(encoder: BertEncoder, text: string): WrittenText {
  const written = encoder.write(text);
  if ("problem" in written) throw new Error(written.problem);
  return written;
}

describe("BertEncoder", () => {
  it("cuts texts into pieces as the tokenizer of the checkpoint does", async () => {
    const encoder = await BertEncoder.load(checkpoint, options);
    for (const { text, ids } of expected) expect(write(encoder, text).symbols).toEqual(ids);
    expect(write(encoder, "Lo RA!").key).toBe("lora");
    expect(encoder.write("…")).toEqual({ problem: "there is nothing to read in it" });
    expect(encoder.write("xyz".repeat(20))).toEqual({
      problem: "it has 62 pieces of words; at most 24 can be read",
    });
  });

  it("gives the mean of the last layer that transformers gives, whatever else is in the batch", async () => {
    const encoder = await BertEncoder.load(checkpoint, options);
    const { program, graph, parameters } = buildModel(
      { name: "bert", build: (builder) => ({ outputs: { vectors: encoder.encode(builder, "texts", "n") } }) },
      { training: false },
    );
    program.output("vectors", graph.outputs.vectors!);
    const identity = Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0));
    await using loaded = await loadProgram(program);
    const { vectors } = await loaded.run({
      texts: encoder.input(expected.map(({ text }) => write(encoder, text))),
      ...Object.fromEntries(
        parameters.map((parameter) => {
          const { name, shape } = parameter;
          const data = name === "text.vectors.weight" ? identity : initialValues(parameter, 1);
          return [name, { data, shape }];
        }),
      ),
    });
    expect(vectors!.shape).toEqual([expected.length, width]);
    for (const [row, { mean }] of expected.entries()) {
      for (const [i, value] of mean.entries()) {
        expect(vectors!.data[row * width + i]).toBeCloseTo(value, 5);
      }
    }
  });

  it("leaves BERT as it is when it is frozen, and trains what turns its text into a vector", async () => {
    const trained = async (frozen: boolean) => {
      const encoder = await BertEncoder.load(checkpoint, { ...options, frozen });
      const { parameters } = buildModel(
        {
          name: "bert",
          build: (builder) => ({ outputs: { vectors: encoder.encode(builder, "texts", "n") } }),
        },
        { training: true },
      );
      return parameters.filter((parameter) => !parameter.frozen).map(({ name }) => name);
    };
    expect(await trained(true)).toEqual(["text.vectors.weight", "text.vectors.bias"]);
    // 5 before the layers, 16 in each of two, 2 behind.
    expect(await trained(false)).toHaveLength(39);
  });

  it("says what is wrong with a folder", async () => {
    await expect(BertEncoder.load(join(folder, "nowhere"), options)).rejects.toThrow(/nowhere.*config\.json/);
    const other = await changed((config) => (config.model_type = "roberta"));
    await expect(BertEncoder.load(other, options)).rejects.toThrow(/model_type: .*BERT is asked for/);
    const deeper = await changed((config) => (config.num_hidden_layers = 3));
    await expect(BertEncoder.load(deeper, options)).rejects.toThrow(
      /has no tensor encoder\.layer\.2\.attention\.self\.query\.weight/,
    );
    const wider = await changed((config) => (config.vocab_size = 64));
    await expect(BertEncoder.load(wider, options)).rejects.toThrow(
      /word_embeddings\.weight must have the shape 64 × 12; it has 63 × 12/,
    );
  });
});
