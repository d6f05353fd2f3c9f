/**
 * Writes a tensor program as ONNX: as bytes, or as a file with its weights in a second file beside it, which the engine
 * maps into memory instead of copying (and which protobuf's limit of 2 GB does not bind).
 */
import { open } from "node:fs/promises";
import { basename, dirname, relative } from "node:path";
import { modelType } from "./onnx-schema.ts";
import {
  type Attribute,
  elementBytes,
  type ElementType,
  type Operation,
  type Program,
  type Value,
  type Weight,
} from "./program.ts";

/** ONNX's numbers of element types. */
const typeNumbers: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  uint32: 12,
};

const irVersion = 10;
const operatorSets = [
  { domain: "", version: 21 },
  { domain: "com.microsoft", version: 1 },
];
/** Smaller weights stay in the graph: the engine reads shapes and indices while it plans. */
const smallestExternal = 4096;
/** Where external weights begin: at whole pages, so that they can be mapped. */
const alignment = 4096;

/** The program as the bytes of an ONNX file. Weights must be in memory and less than 2 GB together. */
export function writeProgram(program: Program): Uint8Array {
  return encode(program, (name, weight) => {
    if (!(weight.bytes instanceof Uint8Array)) {
      throw new RangeError(`${name} lies in a file; save the program with saveProgram.`);
    }
    return { rawData: weight.bytes };
  });
}

/**
 * Saves the program at `path` and its weights at `path` + `.data`. Weights that lie in other files stay there: the
 * graph points to them, relative to its own folder.
 *
 * @throws the file system's errors
 */
export async function saveProgram(program: Program, path: string, signal?: AbortSignal): Promise<void> {
  const data = `${path}.data`;
  let size = 0;
  const kept: { at: number; bytes: Uint8Array }[] = [];
  const graph = encode(program, (_, weight) => {
    const byteLength = weight.shape.reduce((a, b) => a * b, 1) * elementBytes[weight.type];
    if (!(weight.bytes instanceof Uint8Array)) {
      const { file, offset } = weight.bytes;
      return external(relative(dirname(path), file), offset, byteLength);
    }
    if (byteLength < smallestExternal) return { rawData: weight.bytes };
    const at = Math.ceil(size / alignment) * alignment;
    kept.push({ at, bytes: weight.bytes });
    size = at + byteLength;
    return external(basename(data), at, byteLength);
  });
  await using weights = await open(data, "w");
  for (const { at, bytes } of kept) {
    signal?.throwIfAborted();
    await weights.write(bytes, 0, bytes.byteLength, at);
  }
  await using file = await open(path, "w");
  await file.writeFile(graph);
}

function external(location: string, offset: number, length: number) {
  const entries = {
    location: location.replaceAll("\\", "/"),
    offset: String(offset),
    length: String(length),
  };
  return { dataLocation: 1, externalData: Object.entries(entries).map(([key, value]) => ({ key, value })) };
}

function encode(program: Program, store: (name: string, weight: Weight) => object): Uint8Array {
  const initializer = [...program.weights].map(([name, { weight }]) => ({
    name,
    dims: weight.shape,
    dataType: typeNumbers[weight.type],
    ...store(name, weight),
  }));
  const renamed = new Map([...program.outputs].map(([name, value]) => [value, name]));
  // A value that is an input, a weight, or an output twice keeps its name and is passed on.
  const passed = [...program.outputs].filter(
    ([name, value]) => renamed.get(value) !== name || !isComputed(program, value),
  );
  for (const [, value] of passed) renamed.delete(value);
  const nameOf = (value: Value | null) => (value === null ? "" : (renamed.get(value) ?? value.name));
  const node = [
    ...program.operations.map((operation) => nodeOf(operation, nameOf)),
    ...[...program.outputs]
      .filter(([name, value]) => nameOf(value) !== name)
      .map(([name, value]) => ({ name, opType: "Identity", input: [nameOf(value)], output: [name] })),
  ];
  return modelType
    .encode({
      irVersion,
      producerName: "glossa",
      opsetImport: operatorSets,
      graph: {
        name: program.name,
        node,
        initializer,
        input: program.inputs.map((value) => describe(value, value.name)),
        output: [...program.outputs].map(([name, value]) => describe(value, name)),
      },
    })
    .finish();
}

function isComputed(program: Program, value: Value): boolean {
  return !program.weights.has(value.name) && !program.inputs.includes(value);
}

function nodeOf(operation: Operation, nameOf: (value: Value | null) => string) {
  return {
    name: operation.name,
    opType: operation.operator,
    domain: operation.domain,
    input: operation.inputs.map(nameOf),
    output: operation.results.map(nameOf),
    attribute: Object.entries(operation.attributes).map(([name, value]) =>
      attributeOf(operation, name, value),
    ),
  };
}

function attributeOf(operation: Operation, name: string, value: Attribute) {
  if ("int" in value) return { name, type: 2, i: value.int };
  if ("float" in value) return { name, type: 1, f: value.float };
  if ("ints" in value) return { name, type: 7, ints: value.ints };
  if (operation.operator === "Cast" && name === "to") {
    return { name, type: 2, i: typeNumbers[value.text as ElementType] };
  }
  return { name, type: 3, s: new TextEncoder().encode(value.text) };
}

function describe(value: Value, name: string) {
  const dim = value.shape.map((dimension) =>
    typeof dimension === "number" ? { dimValue: dimension } : { dimParam: dimension },
  );
  return { name, type: { tensorType: { elemType: typeNumbers[value.type], shape: { dim } } } };
}
