/**
 * Writes safetensors (https://huggingface.co/docs/safetensors), whole or not at all.
 */
import { open, rename, rm } from "node:fs/promises";
import { GlossaError } from "../errors.ts";
import type { FloatTensor } from "./float-tensor.ts";

/** Tensors begin at multiples of this, as the format's own writer does it. */
const alignment = 8;

/**
 * Writes float32 tensors. The file gets its name only when all of it is on the disk: until then, and where writing fails,
 * an older file of that name stays.
 *
 * @param tensors by name, in the order of the file; read while it is written
 * @param metadata texts by name
 * @throws GlossaError `write-failed`
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let size = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [size, size + values.byteLength] };
    size += values.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(text.length / alignment) * alignment, " ");
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));

  const part = `${path}.part`;
  try {
    {
      await using file = await open(part, "w");
      await file.writeFile(length);
      await file.writeFile(padded);
      for (const { values } of tensors.values()) {
        await file.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
      await file.sync();
    }
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {});
    throw new GlossaError("write-failed", `${path} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
