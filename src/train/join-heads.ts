/**
 * Letter heads over the same frames as one: the mean of what each holds likely. Heads that learnt apart, from other recordings or in
 * another order, make other mistakes, so that together they are surer than either (an ensemble; Dietterich 2000).
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { GlossaError } from "../errors.ts";
import { add, logarithm, multiply, softmax } from "../graph/operators.ts";
import type { Value } from "../graph/program.ts";
import { writeProgram } from "../graph/write-program.ts";
import { CtcLabels } from "../retrieval/ctc-labels.ts";
import { headFiles, readHeadDescription, writeHeadDescription } from "../retrieval/head-files.ts";
import type { NamedTensors } from "../weights/float-tensor.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { modelProgram } from "./build-model.ts";
import type { ModelBuilder, TrainableModel } from "./model.ts";
import { letterHeadSchema, letterLogits, type LetterHeadShape } from "./recipes/ctc-head.ts";
import { frameEncoder } from "./recipes/frame-layers.ts";
import { runFiles } from "./run-folder.ts";

/** What nothing holds likely is still not impossible: logarithms stay finite. */
const leastProbability = 1e-9;

interface Member {
  readonly shape: LetterHeadShape;
  readonly values: NamedTensors;
  /** Numbers in a frame. */
  readonly width: number;
}

/**
 * Writes one head that gives the logarithm of the mean probabilities of several.
 *
 * @param folders of finished runs of `ctc-head` recipes, at least two
 * @param output gets `head.onnx`, matrices in 8 bits, and `head.json`
 * @throws GlossaError `unreadable-input` for a folder without a run, `invalid-argument` for heads that read other frames or write
 *   other labels
 */
export async function joinLetterHeads(folders: readonly string[], output: string): Promise<void> {
  if (folders.length < 2) throw new GlossaError("invalid-argument", "there must be two heads to join");
  const descriptions = await Promise.all(folders.map((folder) => readHeadDescription(folder, "ctc-head")));
  const [first] = descriptions as [(typeof descriptions)[number]];
  for (const [i, description] of descriptions.entries()) {
    for (const field of ["fingerprint", "frameRate", "stack", "outputs", "labels"] as const) {
      if (description[field] === first[field]) continue;
      throw new GlossaError(
        "invalid-argument",
        `${folders[i]} and ${folders[0]} cannot be joined: ${field} is ${description[field]} and ${first[field]}`,
      );
    }
  }
  const members: Member[] = [];
  try {
    for (const folder of folders) members.push(await readMember(folder));
    const model = joined(members, new CtcLabels(first.labels).count);
    const graph = writeProgram(modelProgram(model, valuesOf(members), { inBytes: true }));
    await mkdir(output, { recursive: true });
    await writeFile(join(output, headFiles.graph), graph);
    await writeHeadDescription(output, first);
  } finally {
    for (const { values } of members) values[Symbol.dispose]();
  }
}

const recipeSchema = z.object({ model: letterHeadSchema });

async function readMember(folder: string): Promise<Member> {
  const path = join(folder, runFiles.recipe);
  let recipe: unknown;
  try {
    recipe = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new GlossaError("unreadable-input", `${path} cannot be read; give the folder of a finished run`, {
      cause,
    });
  }
  const parsed = recipeSchema.safeParse(recipe);
  if (!parsed.success) throw new GlossaError("unreadable-input", `${path}: ${parsed.error.message}`);
  const shape = parsed.data.model;
  const values = openSafetensors(join(folder, runFiles.model));
  const [inputs] = values.floats("normalisation.mean").shape as [number];
  return { shape, values, width: inputs / shape.stack };
}

function joined(members: readonly Member[], labels: number): TrainableModel {
  return {
    name: "joined letter heads",
    build(builder) {
      const [{ shape, width }] = members as [Member];
      const frames = builder.input("frames", "float32", ["batch", "steps", shape.stack * width]);
      const bias = builder.input("bias", "float32", ["batch", 1, 1, "steps"]);
      const probabilities = members.map((member, i): Value => {
        const own = within(builder, prefixOf(i));
        // The numbers come from the file.
        const normalisation = { mean: new Float32Array(width), scale: new Float32Array(width) };
        const heard = frameEncoder(own, frames, bias, member.shape, normalisation);
        return softmax(letterLogits(own, heard, member.shape, labels));
      });
      const { program } = builder;
      const mean = multiply(probabilities.reduce(add), program.scalar(1 / members.length));
      return { outputs: { logits: logarithm(add(mean, program.scalar(leastProbability))) } };
    },
  };
}

function prefixOf(member: number): string {
  return `heads.${member}.`;
}

/** The same builder, whose parameters are those with a prefix. */
function within(builder: ModelBuilder, prefix: string): ModelBuilder {
  return {
    program: builder.program,
    training: builder.training,
    input: (...given) => builder.input(...given),
    parameter: (name, ...given) => builder.parameter(prefix + name, ...given),
    dropout: (...given) => builder.dropout(...given),
  };
}

function valuesOf(members: readonly Member[]): NamedTensors {
  return {
    names: members.flatMap(({ values }, i) => values.names.map((name) => prefixOf(i) + name)),
    floats: (name) => {
      const member = members.findIndex((_, i) => name.startsWith(prefixOf(i)));
      return members[member]!.values.floats(name.slice(prefixOf(member).length));
    },
    // Their files are closed by whoever opened them.
    [Symbol.dispose]: () => undefined,
  };
}
