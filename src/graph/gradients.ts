/**
 * Reverse-mode differentiation of tensor programs: adds to a program the operations that compute the gradient of some of
 * its values by others (Baydin et al., 2018, arXiv 1502.05767). What the forward operations computed is read where it is;
 * the result is one program that ONNX Runtime plans as a whole.
 *
 * The rules for each operator are in `gradient-rules.ts`.
 */
import { add } from "./operators.ts";
import { gradientRules } from "./gradient-rules.ts";
import type { Operation, Value } from "./program.ts";
import { printShape, sameShape } from "./shapes.ts";

/**
 * Gradients by the values `wanted` of what the values in `seeds` lead to.
 *
 * @param seeds for each value that the quantity to be differentiated depends on directly, the quantity's gradient by it,
 *   of the same shape: a loss without dimensions has 1
 * @param wanted float32 inputs, weights, or what operators give
 * @returns the gradient for each of `wanted`, of its shape
 * @throws RangeError when an operator on the way has no gradient, or a wanted value has no part in the seeds
 */
export function gradients(seeds: ReadonlyMap<Value, Value>, wanted: readonly Value[]): Map<Value, Value> {
  const [program] = [...seeds.keys(), ...wanted].map((value) => value.program);
  if (!program) return new Map();
  const forward = [...program.operations];
  const varying = dependents(forward, wanted);
  const found = new Map<Value, Value>();
  const note = (value: Value, gradient: Value) => {
    if (!sameShape(value.shape, gradient.shape)) {
      throw new RangeError(
        `The gradient by ${value.name} has shape ${printShape(gradient.shape)}; it must be ${printShape(value.shape)}.`,
      );
    }
    const known = found.get(value);
    found.set(value, known ? add(known, gradient) : gradient);
  };
  for (const [value, gradient] of seeds) note(value, gradient);
  for (const operation of forward.toReversed()) {
    const given = operation.results.map((result) => found.get(result) ?? null);
    if (given.every((gradient) => gradient === null)) continue;
    const isWanted = (input: Value | null | undefined) => input != null && varying.has(input);
    if (!operation.inputs.some(isWanted)) continue;
    const rule = gradientRules[operation.operator];
    if (!rule) {
      throw new RangeError(
        `${operation.name}: ${operation.operator} has no gradient. Those with one: ${Object.keys(gradientRules).sort().join(", ")}.`,
      );
    }
    const results = program.within(`backward.${operation.name}`, () => rule({ operation, given, isWanted }));
    for (const [i, input] of operation.inputs.entries()) {
      const gradient = results[i];
      if (input !== null && gradient && varying.has(input)) note(input, gradient);
    }
  }
  return new Map(
    wanted.map((value) => {
      const gradient = found.get(value);
      if (!gradient) throw new RangeError(`${value.name} has no part in what is differentiated.`);
      return [value, gradient];
    }),
  );
}

/** The values of floats that change when one of `sources` does, with these themselves. */
function dependents(operations: readonly Operation[], sources: readonly Value[]): ReadonlySet<Value> {
  const varying = new Set(sources);
  for (const { inputs, results } of operations) {
    if (!inputs.some((input) => input !== null && varying.has(input))) continue;
    for (const result of results) if (result.type === "float32") varying.add(result);
  }
  return varying;
}
