/**
 * A shipped letter head taken apart into the folders of the runs that it was joined from, so that training can go on from each
 * (`initial` in a recipe), and others can be joined to them. Matrices come back as they were rounded to 8 bits.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GlossaError } from "../errors.ts";
import { elementType, type OnnxTensor, readOnnx } from "../graph/onnx-file.ts";
import { headFiles, readHeadDescription, writeHeadDescription } from "../retrieval/head-files.ts";
import type { FloatTensor } from "../weights/float-tensor.ts";
import { writeSafetensors } from "../weights/write-safetensors.ts";
import { letterHeadSchema, type LetterHeadShape } from "./recipes/ctc-head.ts";
import { runFiles } from "./run-folder.ts";

/** ONNX's number of whole numbers from -128 to 127. */
const int8 = 3;
const scaleSuffix = ".scale";

/**
 * @param folder with `head.onnx` and `head.json`
 * @param output gets a folder for each head: `0`, `1`, … with parameters, shape and description
 * @param heads of attention, which the file does not tell
 * @returns the folders
 * @throws GlossaError `unreadable-input`, `model-corrupt`
 */
export async function partLetterHead(folder: string, output: string, heads = 4): Promise<string[]> {
  const description = await readHeadDescription(folder, "ctc-head");
  const path = join(folder, headFiles.graph);
  const tensors = readOnnx(await readFile(path)).graph.initializer;
  const members = membersOf(tensors);
  if (members.length === 0)
    throw new GlossaError("model-corrupt", `${path} holds no parameters of a letter head`);
  const folders: string[] = [];
  for (const [i, parameters] of members.entries()) {
    const own = join(output, String(i));
    await mkdir(own, { recursive: true });
    const { stack, outputs } = description;
    const model = { ...shapeOf(parameters, path), heads, stack, outputs };
    await writeSafetensors(join(own, runFiles.model), parameters);
    await writeFile(join(own, runFiles.recipe), `${JSON.stringify({ kind: "ctc-head", model }, null, 2)}\n`);
    await writeHeadDescription(own, description);
    folders.push(own);
  }
  return folders;
}

/** The parameters of each head, by the names that training knows. One that is alone has no prefix. */
function membersOf(tensors: readonly OnnxTensor[]): Map<string, FloatTensor>[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name ?? "", tensor]));
  const members: Map<string, FloatTensor>[] = [];
  for (const [fullName, tensor] of byName) {
    const [, member = "0", name = ""] = /^(?:heads\.(\d+)\.)?(.+)$/.exec(fullName)!;
    const isParameter = /^(?:normalisation|input|layers|norm|labels)\./.test(name);
    if (!isParameter || name.endsWith(`.weight${scaleSuffix}`)) continue;
    const shape = tensor.dims.map(Number);
    let values: Float32Array;
    if (tensor.dataType === int8) {
      const scales = byName.get(fullName + scaleSuffix);
      if (scales === undefined) throw new GlossaError("model-corrupt", `${fullName} has no scales`);
      values = scaled(tensor, floatsOf(scales));
    } else values = floatsOf(tensor);
    (members[Number(member)] ??= new Map()).set(name, { shape, values });
  }
  return members;
}

function floatsOf({ name, dataType, rawData }: OnnxTensor): Float32Array {
  if (dataType !== elementType.float32) throw new GlossaError("model-corrupt", `${name} holds no floats`);
  return new Float32Array(Uint8Array.from(rawData).buffer);
}

function scaled({ rawData }: OnnxTensor, scales: Float32Array): Float32Array {
  const integers = new Int8Array(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Float32Array.from(integers, (integer, i) => integer * scales[i % scales.length]!);
}

function shapeOf(parameters: ReadonlyMap<string, FloatTensor>, path: string): Partial<LetterHeadShape> {
  const columns = (name: string) => {
    const tensor = parameters.get(name);
    if (!tensor) throw new GlossaError("model-corrupt", `${path} lacks ${name}`);
    return tensor.shape[1]!;
  };
  const numbers = [...parameters.keys()].flatMap((name) => /^layers\.(\d+)\./.exec(name)?.[1] ?? []);
  const layers = new Set(numbers).size;
  const width = columns("input.weight");
  return letterHeadSchema
    .pick({ width: true, inner: true, layers: true })
    .parse({ width, layers, ...(layers > 0 && { inner: columns("layers.0.inner.weight") }) });
}
