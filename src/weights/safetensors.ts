/**
 * Reads safetensors (https://huggingface.co/docs/safetensors): the length of a JSON header, the header, then the tensors.
 */
import { z } from "zod";
import { GlossaError } from "../errors.ts";
import { FileBytes, type StoredTensor, type StoredType, TensorFile } from "./tensor-file.ts";

/** The format's own bound on its header. */
const largestHeader = 100_000_000;

const headerSchema = z.record(
  z.string(),
  z.union([
    z.object({
      dtype: z.string(),
      shape: z.array(z.number().int().min(0)),
      data_offsets: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
    }),
    // The entry `__metadata__`.
    z.record(z.string(), z.string()),
  ]),
);

const types: Record<string, StoredType> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/** @throws GlossaError `unreadable-input`, `model-corrupt` */
export function openSafetensors(path: string): TensorFile {
  const bytes = new FileBytes(path);
  try {
    return new TensorFile(bytes, readHeader(bytes));
  } catch (error) {
    bytes[Symbol.dispose]();
    throw error;
  }
}

/**
 * The texts that a file has beside its tensors.
 * @throws GlossaError `unreadable-input`, `model-corrupt`
 */
export function readSafetensorsMetadata(path: string): Record<string, string> {
  using bytes = new FileBytes(path);
  const { entries } = parseHeader(bytes);
  return (entries.__metadata__ ?? {}) as Record<string, string>;
}

function parseHeader(bytes: FileBytes): { entries: z.infer<typeof headerSchema>; length: number } {
  const start = bytes.read(0, 8);
  const length = Number(new DataView(start.buffer).getBigUint64(0, true));
  const broken = (cause?: unknown) =>
    new GlossaError("model-corrupt", `${bytes.path} is no safetensors file, or a broken one.`, { cause });
  if (length > largestHeader) throw broken();
  try {
    return {
      entries: headerSchema.parse(JSON.parse(new TextDecoder().decode(bytes.read(8, length)))),
      length,
    };
  } catch (cause) {
    throw broken(cause);
  }
}

function readHeader(bytes: FileBytes): Map<string, StoredTensor> {
  const { entries, length } = parseHeader(bytes);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    if (name === "__metadata__" || !("data_offsets" in entry) || typeof entry.dtype !== "string") continue;
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = entry as {
      dtype: string;
      shape: number[];
      data_offsets: [number, number];
    };
    tensors.set(name, {
      type: types[dtype] ?? null,
      typeName: dtype,
      shape,
      offset: 8 + length + offsets[0],
    });
  }
  return tensors;
}
