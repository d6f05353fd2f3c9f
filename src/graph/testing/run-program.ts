/**
 * Runs a program once, for tests.
 */
import { createSession, type Tensors } from "../../runtime/session.ts";
import type { Program } from "../program.ts";
import { writeProgram } from "../write-program.ts";

export type Numbers = Float32Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;

export interface TestTensor {
  data: Numbers;
  shape: readonly number[];
}

/** Runs with tensors by the names of the program's inputs. */
export async function runProgram(
  program: Program,
  feeds: Readonly<Record<string, TestTensor>>,
): Promise<Record<string, { data: Float32Array; shape: readonly number[] }>> {
  await using loaded = await loadProgram(program);
  return await loaded.run(feeds);
}

export interface LoadedProgram extends AsyncDisposable {
  run(
    feeds: Readonly<Record<string, TestTensor>>,
  ): Promise<Record<string, { data: Float32Array; shape: readonly number[] }>>;
}

/** Loads a program that is run several times. */
export async function loadProgram(program: Program): Promise<LoadedProgram> {
  const { Tensor } = await import("onnxruntime-node");
  const session = await createSession(writeProgram(program), { threads: 1 });
  return {
    async run(feeds) {
      const tensors: Tensors = {};
      for (const input of program.inputs) {
        const { data, shape } = feeds[input.name]!;
        // The constructor's overloads want literal types.
        tensors[input.name] = new Tensor(input.type as "float32", data as Float32Array, [...shape]);
      }
      const outputs = await session.run(tensors);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, tensor]) => [
          name,
          { data: Float32Array.from(tensor.data as Float32Array), shape: [...tensor.dims] },
        ]),
      );
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
