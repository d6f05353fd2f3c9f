/**
 * Silero VAD 5 as a tensor program over any number of frames at once. The published graph takes one frame of 32 ms at a
 * time; only the recurrent layer needs that order, and it gets its sequence in one go here.
 *
 * A frame has so few steps (four windows of its spectrum, then two, then one) that its convolutions are written as plain
 * matrices over all of them.
 */
import { bytesOf, Program, type Value } from "../../graph/program.ts";
import {
  add,
  concatenate,
  matmul,
  multiply,
  relu,
  reshape,
  sigmoid,
  slice,
  squareRoot,
} from "../../graph/operators.ts";
import type { OnnxWeights } from "../../graph/onnx-weights.ts";

/** Samples of a frame: 64 of context, 512 of its own, and 64 that mirror its end. */
export const networkSamples = 640;
const windowStep = 128;
const windows = 4;
/** Bins of the spectrum of 256 samples. */
const bins = 129;
const stateWidth = 128;
/** Names of the part of the published graph that is for 16 kHz. */
const prefix = "If_0_then_branch__Inline_0__";
/** ONNX wants input, output, forget and cell gate; PyTorch has input, forget, cell, output. */
const gateOrder = [0, 3, 1, 2];

/**
 * Inputs `frames` float32 `[frames, 640]` and `state` float32 `[2, 1, 128]`; outputs `probabilities` float32 `[frames, 1]` and
 * `next_state` like `state`.
 */
export function sileroVadProgram(weights: OnnxWeights): Program {
  const program = new Program("silero-vad");
  const floats = (name: string) => weights.floats(prefix + name).values;
  const constant = (name: string, values: Float32Array, shape: readonly number[]) =>
    program.weight(name, { type: "float32", shape, bytes: bytesOf(values) });
  const dense = (name: string, x: Value, convolution: string, steps: Steps) => {
    const { values, inputs, outputs } = asMatrix(floats(`${convolution}.weight`), steps);
    const bias = repeat(floats(`${convolution}.bias`), outputs / steps.features);
    const product = matmul(x, constant(`${name}.weight`, values, [inputs, outputs]));
    return relu(add(product, constant(`${name}.bias`, bias, [outputs])));
  };

  const frames = program.input("frames", "float32", ["frames", networkSamples]);
  const state = program.input("state", "float32", [2, 1, stateWidth]);
  const steps = reshape(frames, ["frames", windows + 1, windowStep]);
  const heard = concatenate(
    [slice(steps, 1, 0, windows, windows), slice(steps, 1, 1, windows + 1, windows)],
    2,
  );
  const basis = turned(floats("stft.forward_basis_buffer"), 2 * bins, 2 * windowStep);
  const spectrum = matmul(heard, constant("spectrum.basis", basis, [2 * windowStep, 2 * bins]));
  const [real, imaginary] = [slice(spectrum, 2, 0, bins, bins), slice(spectrum, 2, bins, 2 * bins, bins)];
  const magnitude = squareRoot(add(multiply(real, real), multiply(imaginary, imaginary)));

  const layer = (i: number, x: Value, shape: Steps) =>
    dense(`layers.${i}`, x, `encoder.${i}.reparam_conv`, shape);
  let x = reshape(magnitude, ["frames", windows * bins]);
  x = layer(0, x, { from: 4, to: 4, stride: 1, channels: bins, features: 128 });
  x = layer(1, x, { from: 4, to: 2, stride: 2, channels: 128, features: 64 });
  x = layer(2, x, { from: 2, to: 1, stride: 2, channels: 64, features: 64 });
  x = layer(3, x, { from: 1, to: 1, stride: 1, channels: 64, features: 128 });

  const gates = (name: string) => inGateOrder(floats(`decoder.rnn.${name}`));
  const matrix = [1, 4 * stateWidth, stateWidth];
  const bias = Float32Array.of(...gates("bias_ih"), ...gates("bias_hh"));
  const half = (i: number) => slice(state, 0, i, i + 1, 1);
  const sequence = { type: "float32", shape: ["frames", 1, 1, stateWidth] } as const;
  const last = { type: "float32", shape: [1, 1, stateWidth] } as const;
  const [hidden, lastHidden, lastCell] = program.apply(
    "LSTM",
    [
      reshape(x, ["frames", 1, stateWidth]),
      constant("memory.input", gates("weight_ih"), matrix),
      constant("memory.hidden", gates("weight_hh"), matrix),
      constant("memory.bias", bias, [1, bias.length]),
      null,
      half(0),
      half(1),
    ],
    [sequence, last, last],
    { hidden_size: { int: stateWidth } },
  );
  const remembered = relu(reshape(hidden!, ["frames", stateWidth]));
  const output = constant("output.weight", floats("decoder.decoder.2.weight"), [stateWidth, 1]);
  const score = add(
    matmul(remembered, output),
    constant("output.bias", floats("decoder.decoder.2.bias"), [1]),
  );
  program.output("probabilities", sigmoid(score));
  program.output("next_state", concatenate([lastHidden!, lastCell!], 0));
  return program;
}

/** A convolution of kernel 3 and padding 1 over a known number of steps. */
interface Steps {
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  readonly channels: number;
  readonly features: number;
}

/**
 * A convolution's kernel `[features, channels, 3]` as a matrix from all its inputs to all its outputs.
 *
 * @returns `[inputs, outputs]`; the first layer's inputs are `[step, channel]`, outputs always `[step, feature]`
 */
function asMatrix(kernel: Float32Array, { from, to, stride, channels, features }: Steps) {
  const [inputs, outputs] = [from * channels, to * features];
  const values = new Float32Array(inputs * outputs);
  for (let target = 0; target < to; target++) {
    for (let tap = 0; tap < 3; tap++) {
      const source = target * stride + tap - 1;
      if (source < 0 || source >= from) continue;
      for (let feature = 0; feature < features; feature++) {
        for (let channel = 0; channel < channels; channel++) {
          const row = source * channels + channel;
          values[row * outputs + target * features + feature] =
            kernel[(feature * channels + channel) * 3 + tap]!;
        }
      }
    }
  }
  return { values, inputs, outputs };
}

function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: values.length },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

function repeat(values: Float32Array, times: number): Float32Array {
  return Float32Array.from({ length: values.length * times }, (_, i) => values[i % values.length]!);
}

function inGateOrder(values: Float32Array): Float32Array {
  const size = values.length / gateOrder.length;
  const ordered = new Float32Array(values.length);
  for (const [to, from] of gateOrder.entries()) {
    ordered.set(values.subarray(from * size, (from + 1) * size), to * size);
  }
  return ordered;
}
