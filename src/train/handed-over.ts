/**
 * Memory for what a graph's first part hands over to its second. It is kept from step to step and grows with the largest batch:
 * new memory for every step would be hundreds of megabytes to clear and to give back each time.
 */
import type { ElementType, Program, Value } from "../graph/program.ts";
import type { Tensor, TensorFactory, Tensors } from "../runtime/session.ts";

const arrays = { float32: Float32Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array } as const;

function isKept(type: ElementType): type is keyof typeof arrays {
  return type in arrays;
}

export class HandedOver {
  readonly #tensors: TensorFactory;
  readonly #buffers = new Map<string, ArrayBuffer>();

  constructor(tensors: TensorFactory) {
    this.#tensors = tensors;
  }

  /**
   * Where the values are written, by name; null for those whose sizes do not follow from the inputs': the engine then takes
   * new memory.
   *
   * @param feeds what the program is going to be fed with
   */
  writes(program: Program, names: readonly string[], feeds: Tensors): Record<string, Tensor | null> {
    const sizes = sizesOf(program, feeds);
    return Object.fromEntries(
      names.map((name) => [name, this.#tensor(name, program.outputs.get(name)!, sizes)]),
    );
  }

  #tensor(name: string, { type, shape }: Value, sizes: ReadonlyMap<string, number>): Tensor | null {
    const known = shape.map((size) => (typeof size === "number" ? size : sizes.get(size)));
    if (!isKept(type) || known.includes(undefined)) return null;
    const count = known.reduce<number>((product, size) => product * size!, 1);
    const byteLength = count * arrays[type].BYTES_PER_ELEMENT;
    let buffer = this.#buffers.get(name);
    if (buffer === undefined || buffer.byteLength < byteLength) {
      buffer = new ArrayBuffer(byteLength);
      this.#buffers.set(name, buffer);
    }
    return this.#tensors.typed(type, new arrays[type](buffer, 0, count), known as number[]);
  }
}

/** What the names of dimensions stand for in this run. */
function sizesOf(program: Program, feeds: Tensors): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, shape } of program.inputs) {
    for (const [axis, size] of shape.entries()) {
      if (typeof size === "string") sizes.set(size, feeds[name]!.dims[axis]!);
    }
  }
  return sizes;
}
