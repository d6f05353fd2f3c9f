/** Tensors by name in memory, as if they were a file. */
import type { FloatTensor, NamedTensors } from "../../weights/float-tensor.ts";

export function tensorsInMemory(tensors: Readonly<Record<string, FloatTensor>>): NamedTensors {
  return {
    names: Object.keys(tensors),
    floats: (name) => tensors[name]!,
    [Symbol.dispose]: () => {},
  };
}
