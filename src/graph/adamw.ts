/**
 * One step of AdamW (Loshchilov and Hutter, 2019, arXiv 1711.05101) as operations of a program, with gradients clipped
 * by their norm over all parameters, as PyTorch's `clip_grad_norm_` and `AdamW` do it.
 */
import { add, divide, minimum, multiply, squareRoot, subtract } from "./operators.ts";
import type { Program, Value } from "./program.ts";

export interface AdamWSettings {
  weightDecay: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Largest norm of all gradients together; null never clips. */
  clip: number | null;
}

/** A parameter with its gradient. */
export interface Differentiated {
  /** Of the saved model, and in the names of inputs and outputs. */
  readonly name: string;
  readonly value: Value;
  readonly gradient: Value;
  /** Whether weight decay applies. */
  readonly decay: boolean;
}

/** Names of the inputs and outputs of a program with an update in it. */
export const updateNames = {
  /** Input, float32 `[1]`. */
  learningRate: "learning_rate",
  /** Input, float32 `[1]`: 1 / (1 − β₁ᵗ) at the step t, from 1. */
  firstCorrection: "first_correction",
  /** Input, float32 `[1]`: 1 / √(1 − β₂ᵗ). */
  secondCorrection: "second_correction",
  /** Output, float32 without dimensions: before clipping. */
  gradientNorm: "gradient_norm",
  firstMoment: (name: string) => `first_moment.${name}`,
  secondMoment: (name: string) => `second_moment.${name}`,
  /** The outputs that become parameters and moments of the next step. */
  updated: (name: string) => `updated.${name}`,
} as const;

/** What the corrections are fed with. @param step from 1 */
export function corrections(step: number, { beta1, beta2 }: Pick<AdamWSettings, "beta1" | "beta2">) {
  return { first: 1 / (1 - beta1 ** step), second: 1 / Math.sqrt(1 - beta2 ** step) };
}

/**
 * Adds the update of all parameters: inputs for learning rate, corrections and moments, outputs for norm, parameters and
 * moments, by `updateNames`.
 */
export function addUpdate(
  program: Program,
  parameters: readonly Differentiated[],
  settings: AdamWSettings,
): void {
  const { weightDecay, beta1, beta2, epsilon, clip } = settings;
  const scalar = (value: number) => program.scalar(value);
  const given = (name: string) => program.input(name, "float32", [1]);
  const learningRate = given(updateNames.learningRate);
  const firstRate = multiply(learningRate, given(updateNames.firstCorrection));
  const secondCorrection = given(updateNames.secondCorrection);
  const keep = subtract(scalar(1), multiply(learningRate, scalar(weightDecay)));

  const norm = program.within("norm", () => normOf(parameters.map(({ gradient }) => gradient)));
  program.output(updateNames.gradientNorm, norm);
  const scale = clip === null ? null : minimum(scalar(1), divide(scalar(clip), add(norm, scalar(1e-6))));

  for (const { name, value, gradient, decay } of parameters) {
    program.within(`update.${name}`, () => {
      const moment = (of: string) => program.input(of, "float32", value.shape);
      const [firstName, secondName] = [updateNames.firstMoment(name), updateNames.secondMoment(name)];
      const clipped = scale ? multiply(gradient, scale) : gradient;
      const first = add(multiply(moment(firstName), scalar(beta1)), multiply(clipped, scalar(1 - beta1)));
      const second = add(
        multiply(moment(secondName), scalar(beta2)),
        multiply(multiply(clipped, clipped), scalar(1 - beta2)),
      );
      const deviation = add(multiply(squareRoot(second), secondCorrection), scalar(epsilon));
      const change = multiply(divide(first, deviation), firstRate);
      const kept = decay && weightDecay !== 0 ? multiply(value, keep) : value;
      program.output(updateNames.updated(name), subtract(kept, change));
      program.output(updateNames.updated(firstName), first);
      program.output(updateNames.updated(secondName), second);
    });
  }
}

/** The norm of all gradients as if they were one vector. */
function normOf(gradients: readonly Value[]): Value {
  const squares = gradients.map((gradient) => {
    const { program, shape } = gradient;
    const axes = program.integers(shape.map((_, axis) => axis));
    return program.apply("ReduceSumSquare", [gradient, axes], [{ type: "float32", shape: [] }], {
      keepdims: { int: 0 },
    })[0]!;
  });
  const [first] = squares;
  if (!first) throw new RangeError("There is no parameter to update.");
  return squareRoot(first.program.apply("Sum", squares, [{ type: "float32", shape: [] }])[0]!);
}
