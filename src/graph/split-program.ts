/**
 * A program in two parts, so that something outside can look at what the first gives before the second runs. What the second
 * reads of the first comes out of it as outputs, and goes in again as inputs.
 */
import { type Operation, Program, type Value } from "./program.ts";

/** Operators that only give another shape to the same numbers: done again instead of handing them over twice. */
const views: ReadonlySet<string> = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze"]);
/** Operators of which only shapes are read: done where the tensor is at hand. */
const sizes: ReadonlySet<string> = new Set(["Shape", "Size"]);

export interface SplitProgram {
  readonly first: Program;
  /** Its inputs beside those of the whole program are called as their outputs in `first`. */
  readonly second: Program;
  /** Names of what is handed over. */
  readonly handedOver: readonly string[];
}

/**
 * @param count how many of the program's operations, in their order, make the first part
 * @param outputs names of the program's outputs that the first part gives; the second gives the others
 */
export function splitProgram(program: Program, count: number, outputs: ReadonlySet<string>): SplitProgram {
  const early = program.operations.slice(0, count);
  const given = new Map(early.flatMap((operation) => operation.results.map((value) => [value, operation])));
  const late: Operation[] = [];
  for (const operation of program.operations.slice(count)) {
    if (sizes.has(operation.operator) && given.has(operation.inputs[0]!)) {
      early.push(operation);
      for (const value of operation.results) given.set(value, operation);
    } else late.push(operation);
  }
  const isSecond = ([name]: readonly [string, Value]) => !outputs.has(name);
  const secondOutputs = [...program.outputs].filter(isSecond);

  const repeated = new Set<Operation>();
  const handed = new Set<Value>();
  const need = (value: Value | null) => {
    const operation = value && given.get(value);
    if (!operation) return;
    if (!views.has(operation.operator)) {
      handed.add(value);
      return;
    }
    if (repeated.has(operation)) return;
    repeated.add(operation);
    for (const input of operation.inputs) need(input);
  };
  for (const { inputs } of late) for (const input of inputs) need(input);
  for (const [, value] of secondOutputs) need(value);

  const handedOutputs = [...handed].map((value) => [value.name, value] as const);
  const firstOutputs = [...program.outputs].filter((output) => !isSecond(output));
  return {
    first: part(program, `${program.name}-first`, early, [...firstOutputs, ...handedOutputs], []),
    second: part(
      program,
      `${program.name}-second`,
      [...early.filter((operation) => repeated.has(operation)), ...late],
      secondOutputs,
      [...handed],
    ),
    handedOver: handedOutputs.map(([name]) => name),
  };
}

/** Some operations of a program with the inputs and weights that they read. */
function part(
  whole: Program,
  name: string,
  operations: readonly Operation[],
  outputs: readonly (readonly [string, Value])[],
  inputs: readonly Value[],
): Program {
  const program = new Program(name);
  program.operations.push(...operations);
  const read = new Set<Value | null>(operations.flatMap((operation) => operation.inputs));
  for (const [output, value] of outputs) {
    program.outputs.set(output, value);
    read.add(value);
  }
  program.inputs.push(...whole.inputs.filter((input) => read.has(input)), ...inputs);
  for (const [weight, entry] of whole.weights) if (read.has(entry.value)) program.weights.set(weight, entry);
  return program;
}
