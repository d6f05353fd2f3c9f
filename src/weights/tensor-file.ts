/**
 * A file of tensors that is read piece by piece: headers first, then each tensor when it is asked for, so that files of any
 * size need no more memory than one tensor.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { GlossaError } from "../errors.ts";
import { type FloatTensor, fromBfloat16, fromFloat16, type NamedTensors } from "./float-tensor.ts";

export type StoredType = "float32" | "float16" | "bfloat16";

/** Where a tensor stands in the file. */
export interface StoredTensor {
  /** Null for a type that cannot be read here; `typeName` says which. */
  readonly type: StoredType | null;
  readonly typeName: string;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
}

const storedBytes: Record<StoredType, number> = { float32: 4, float16: 2, bfloat16: 2 };

/** Reads bytes at a position of an open file. */
export class FileBytes implements Disposable {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;

  /** @throws GlossaError `unreadable-input` */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, "r");
    } catch (cause) {
      throw new GlossaError("unreadable-input", `${path} cannot be read: ${(cause as Error).message}.`, {
        cause,
      });
    }
    this.size = fstatSync(this.#descriptor).size;
  }

  /** @throws GlossaError `model-corrupt` when the file ends before */
  read(offset: number, length: number): Uint8Array {
    if (!(length >= 0 && offset >= 0 && offset + length <= this.size)) {
      throw new GlossaError(
        "model-corrupt",
        `${this.path} is cut off or broken: it ends after ${this.size} bytes.`,
      );
    }
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      // One read gives at most 2 GB.
      const count = readSync(this.#descriptor, bytes, at, Math.min(length - at, 2 ** 30), offset + at);
      if (count === 0) throw new GlossaError("model-corrupt", `${this.path} was cut off while it was read.`);
      at += count;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** Tensors by name over the bytes of a file. */
export class TensorFile implements NamedTensors {
  readonly #bytes: FileBytes;
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  constructor(bytes: FileBytes, tensors: ReadonlyMap<string, StoredTensor>) {
    this.#bytes = bytes;
    this.#tensors = tensors;
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  floats(name: string): FloatTensor {
    const tensor = this.#tensors.get(name);
    const { path } = this.#bytes;
    if (!tensor) throw new GlossaError("model-corrupt", `${path} has no tensor ${name}.`);
    const { type, shape, offset, typeName } = tensor;
    if (!type) {
      throw new GlossaError(
        "model-corrupt",
        `${path}: ${name} is stored as ${typeName}, which cannot be read here.`,
      );
    }
    const count = shape.reduce((a, b) => a * b, 1);
    const { buffer } = this.#bytes.read(offset, count * storedBytes[type]);
    const values =
      type === "float32"
        ? new Float32Array(buffer)
        : (type === "float16" ? fromFloat16 : fromBfloat16)(new Uint16Array(buffer));
    return { shape, values };
  }

  [Symbol.dispose](): void {
    this.#bytes[Symbol.dispose]();
  }
}
