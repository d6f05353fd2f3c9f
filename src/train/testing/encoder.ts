/**
 * A transformer encoder that classifies every frame: what tests and benchmarks of training train.
 */
import { plainAttention } from "../../graph/attention.ts";
import { crossEntropy } from "../../graph/losses.ts";
import { add, gelu, layerNorm, reshape } from "../../graph/operators.ts";
import { affine } from "../../graph/products.ts";
import type { Value } from "../../graph/program.ts";
import type { ModelBuilder, TrainableModel } from "../model.ts";

export interface EncoderShape {
  width: number;
  heads: number;
  inner: number;
  layers: number;
  classes: number;
  dropout?: number;
}

/** Takes `frames` `[batch, time, width]` and int64 `labels` `[rows]`; gives `logits` `[rows, classes]`. */
export function encoderModel(shape: EncoderShape): TrainableModel {
  const { width, heads, inner, layers, classes, dropout = 0 } = shape;
  return {
    name: "encoder",
    build(builder) {
      let x = builder.input("frames", "float32", ["batch", "time", width]);
      for (let layer = 0; layer < layers; layer++) {
        const within = (name: string) => `layers.${layer}.${name}`;
        const normal = norm(builder, within("attention.norm"), x, width);
        const part = (name: string) => linear(builder, within(`attention.${name}`), normal, width, width);
        const attended = plainAttention(part("query"), part("key"), part("value"), heads);
        const mixed = linear(builder, within("attention.output"), attended, width, width);
        x = add(x, builder.dropout(mixed, dropout));
        const open = linear(builder, within("inner"), norm(builder, within("norm"), x, width), width, inner);
        x = add(x, builder.dropout(linear(builder, within("outer"), gelu(open), inner, width), dropout));
      }
      const rows = reshape(norm(builder, "norm", x, width), ["rows", width]);
      const logits = linear(builder, "classes", rows, width, classes);
      return {
        outputs: { logits },
        loss: () => crossEntropy(logits, builder.input("labels", "int64", ["rows"])),
      };
    },
  };
}

function linear(builder: ModelBuilder, name: string, x: Value, inputs: number, outputs: number): Value {
  const weight = builder.parameter(`${name}.weight`, [inputs, outputs], { kind: "uniform-fan-in" });
  return affine(x, weight, builder.parameter(`${name}.bias`, [outputs], { kind: "zeros" }));
}

function norm(builder: ModelBuilder, name: string, x: Value, width: number): Value {
  return layerNorm(
    x,
    builder.parameter(`${name}.weight`, [width], { kind: "ones" }),
    builder.parameter(`${name}.bias`, [width], { kind: "zeros" }),
  );
}
