/** Layers over a recogniser's frames: what heads are built of. */
import { plainAttention } from "../../graph/attention.ts";
import { add, gelu, layerNorm, matmul, multiply, subtract } from "../../graph/operators.ts";
import type { Value } from "../../graph/program.ts";
import { z } from "zod";
import type { ModelBuilder } from "../model.ts";
import type { Normalisation } from "./data-recipe.ts";

export const encoderSchema = z.strictObject({
  stack: z.number().int().min(1).max(8).default(2).describe("Frames that make one step."),
  width: z.number().int().min(8).max(2048).default(256),
  heads: z.number().int().min(1).max(64).default(4),
  inner: z.number().int().min(8).max(8192).default(1024).describe("Width inside the feed-forward layers."),
  layers: z.number().int().min(0).max(24).default(2),
  dropout: z.number().min(0).max(0.9).default(0.1),
});
export type EncoderShape = z.infer<typeof encoderSchema>;

/** `x · W + b`; `W` is `[inputs, outputs]`. */
export function linear(
  builder: ModelBuilder,
  name: string,
  x: Value,
  inputs: number,
  outputs: number,
): Value {
  const weight = builder.parameter(`${name}.weight`, [inputs, outputs], { kind: "xavier" });
  return add(matmul(x, weight), builder.parameter(`${name}.bias`, [outputs], { kind: "zeros" }));
}

function norm(builder: ModelBuilder, name: string, x: Value, width: number): Value {
  return layerNorm(
    x,
    builder.parameter(`${name}.weight`, [width], { kind: "ones" }),
    builder.parameter(`${name}.bias`, [width], { kind: "zeros" }),
  );
}

/**
 * Frames brought to mean 0 and deviation 1 in every dimension. The numbers are saved with the model, and never change.
 *
 * @param frames `[batch, steps, stack · width]`
 */
export function normaliseFrames(
  builder: ModelBuilder,
  frames: Value,
  { mean, scale }: Normalisation,
  stack: number,
): Value {
  const repeated = (values: Float32Array) => {
    const all = new Float32Array(stack * values.length);
    for (let i = 0; i < stack; i++) all.set(values, i * values.length);
    return all;
  };
  const constant = (name: string, values: Float32Array) =>
    builder.parameter(
      `normalisation.${name}`,
      [stack * values.length],
      { kind: "values", values: repeated(values) },
      { frozen: true, decay: false },
    );
  return multiply(subtract(frames, constant("mean", mean)), constant("scale", scale));
}

/** What transformer layers are made of. */
export type LayersShape = Omit<EncoderShape, "stack">;

/**
 * Transformer layers (normalised before, as in Whisper) over frames. Positions need no table of their own: the recogniser's frames
 * know where they are.
 *
 * @param frames float32 `[batch, steps, stack · frameWidth]`
 * @param bias `[batch, 1, 1, steps]` added to attention's scores; null where all rows are equally long
 * @returns `[batch, steps, width]`
 */
export function frameEncoder(
  builder: ModelBuilder,
  frames: Value,
  bias: Value | null,
  shape: EncoderShape,
  normalisation: Normalisation,
): Value {
  const { stack, width, dropout } = shape;
  const inputs = stack * normalisation.mean.length;
  const normal = normaliseFrames(builder, frames, normalisation, stack);
  const x = builder.dropout(linear(builder, "input", normal, inputs, width), dropout);
  return transformerLayers(builder, x, bias, shape);
}

/**
 * Transformer layers, normalised before, with a norm at the end.
 *
 * @param x `[batch, steps, width]`
 * @param bias `[batch, 1, 1, steps]` added to attention's scores; null where all rows are equally long
 * @param prefix of the parameters' names
 */
export function transformerLayers(
  builder: ModelBuilder,
  x: Value,
  bias: Value | null,
  { width, heads, inner, layers, dropout }: LayersShape,
  prefix = "",
): Value {
  for (let layer = 0; layer < layers; layer++) {
    const within = (name: string) => `${prefix}layers.${layer}.${name}`;
    const before = norm(builder, within("attention.norm"), x, width);
    const part = (name: string) => linear(builder, within(`attention.${name}`), before, width, width);
    const attended = plainAttention(part("query"), part("key"), part("value"), heads, {
      bias: bias ?? undefined,
    });
    x = add(x, builder.dropout(linear(builder, within("attention.output"), attended, width, width), dropout));
    const open = linear(builder, within("inner"), norm(builder, within("norm"), x, width), width, inner);
    x = add(x, builder.dropout(linear(builder, within("outer"), gelu(open), inner, width), dropout));
  }
  return norm(builder, `${prefix}norm`, x, width);
}
