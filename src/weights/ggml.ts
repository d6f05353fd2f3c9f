/**
 * Reads the ggml files of whisper.cpp: sizes, mel filters, vocabulary, then the tensors under the names of
 * `openai/whisper` (`models/convert-pt-to-ggml.py` in ggml-org/whisper.cpp writes them).
 */
import { GlossaError } from "../errors.ts";
import { FileBytes, type StoredTensor, type StoredType, TensorFile } from "./tensor-file.ts";

const magic = 0x67676d6c;
/** Vocabulary, audio context, width, heads and layers, the same of the text, mel bands, type of the weights. */
const sizeCount = 11;
/** ggml's numbers of types; the others are quantised in blocks. */
const types: Record<number, StoredType> = { 0: "float32", 1: "float16" };
const typeBytes: Record<StoredType, number> = { float32: 4, float16: 2, bfloat16: 2 };
const mostDimensions = 4;

/** @throws GlossaError `unreadable-input`, `model-corrupt` */
export function openGgml(path: string): TensorFile {
  const bytes = new FileBytes(path);
  try {
    return new TensorFile(bytes, readTensors(bytes));
  } catch (error) {
    bytes[Symbol.dispose]();
    throw error;
  }
}

function readTensors(bytes: FileBytes): Map<string, StoredTensor> {
  let at = 0;
  const integers = (count: number): number[] => {
    const view = new DataView(bytes.read(at, 4 * count).buffer);
    at += 4 * count;
    return Array.from({ length: count }, (_, i) => view.getInt32(4 * i, true));
  };
  if (integers(1)[0] !== magic) {
    throw new GlossaError("model-corrupt", `${bytes.path} is no ggml file of whisper.cpp.`);
  }
  integers(sizeCount);
  const [bands, bins] = integers(2) as [number, number];
  at += 4 * bands * bins;
  const [tokens] = integers(1) as [number];
  for (let token = 0; token < tokens; token++) {
    const [length] = integers(1) as [number];
    at += length;
  }

  const tensors = new Map<string, StoredTensor>();
  while (at < bytes.size) {
    const [dimensions, nameLength, typeNumber] = integers(3) as [number, number, number];
    if (dimensions < 0 || dimensions > mostDimensions || nameLength < 0) {
      throw new GlossaError("model-corrupt", `${bytes.path} is broken near byte ${at}.`);
    }
    // ggml gives the last axis first. Biases of convolutions have an axis of 1 too much, which is dropped.
    const shape = integers(dimensions).reverse();
    const name = new TextDecoder().decode(bytes.read(at, nameLength));
    at += nameLength;
    const type = types[typeNumber];
    if (!type) {
      // How long a quantised tensor is depends on its type, so nothing behind it can be found.
      throw new GlossaError(
        "model-corrupt",
        `${bytes.path}: ${name} is quantised (ggml type ${typeNumber}). Only float files (f32, f16) can be read.`,
      );
    }
    tensors.set(name, {
      type,
      typeName: type,
      shape: shape.length === 2 && shape[1] === 1 ? [shape[0]!] : shape,
      offset: at,
    });
    at += shape.reduce((a, b) => a * b, 1) * typeBytes[type];
  }
  return tensors;
}
