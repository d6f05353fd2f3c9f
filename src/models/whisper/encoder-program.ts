/**
 * Whisper's encoder as a tensor program: samples → frames, for audio of any length up to 30 s.
 *
 * The position table is cut to as many frames as there are, so that short audio costs little.
 */
import type { FloatTensor } from "../../weights/float-tensor.ts";
import { addAndNorm, multiHeadAttention } from "../../graph/attention.ts";
import { add, convolution, gelu, layerNorm, slice, transpose } from "../../graph/operators.ts";
import { bytesOf, Program, type Value } from "../../graph/program.ts";
import { applyLayer, feedForward, normWeights, scaleLayer, type Stream } from "./layers.ts";
import { logMel } from "./log-mel.ts";
import type { EncoderWeights } from "./whisper-weights.ts";

/**
 * Input `samples` float32 `[1, 1, …]`, made by `framedSamples` for twice as many frames, and `frame_count` int64 `[1]`;
 * output `frames` float32 `[1, frames, width]`.
 */
export function encoderProgram(weights: EncoderWeights, heads: number): Program {
  const program = new Program("whisper-encoder");
  const width = weights.norm.weight.length;
  const bands = weights.convolutions[0]!.weight.shape[1]!;
  const samples = program.input("samples", "float32", [1, 1, "samples"]);
  const mel = program.within("front_end", () => logMel(samples, bands, "mel_frames"));
  const frameCount = program.input("frame_count", "int64", [1]);
  const floats = (name: string, { shape, values }: FloatTensor) =>
    program.weight(name, { type: "float32", shape, bytes: bytesOf(values) });

  const [first, second] = weights.convolutions.map(({ weight, bias }, i) => ({
    weight: floats(`convolution.${i}.weight`, weight),
    bias: floats(`convolution.${i}.bias`, { shape: [bias.length], values: bias }),
  }));
  const once = gelu(
    convolution(mel, first!.weight, first!.bias, { stride: 1, padding: 1, time: "mel_frames" }),
  );
  const twice = gelu(
    convolution(once, second!.weight, second!.bias, { stride: 2, padding: 1, time: "frames" }),
  );
  const positions = slice(floats("positions", weights.positions), 0, 0, frameCount, "frames");
  let x: Value = add(transpose(twice, [0, 2, 1]), positions);

  const norm = (name: string, own: { weight: Float32Array; bias: Float32Array }) =>
    normWeights(program, name, own);
  const [layer0] = weights.layers;
  const start = norm("layers.0.attention.norm", layer0!.attention.norm);
  let stream: Stream = { sum: x, norm: layerNorm(x, start.weight, start.bias) };
  for (const [index, layer] of weights.layers.entries()) {
    const attended = program.within(`layers.${index}.attention`, () => {
      const { query, key, value, output } = layer.attention;
      // The scale of the scores, 1/8 for all Whispers, goes into the queries' weights.
      const scaled = scaleLayer(query, Math.sqrt(heads / width));
      const q = applyLayer("query", stream.norm, scaled, "whole");
      const k = applyLayer("key", stream.norm, key, "whole");
      const v = applyLayer("value", stream.norm, value, "whole");
      // One product for all three would have to be split again, which costs more than it saves.
      return applyLayer("output", multiHeadAttention(q, k, v, heads, { scale: 1 }), output, "whole");
    });
    const between = norm(`layers.${index}.feed_forward.norm`, layer.feedForward.norm);
    stream = addAndNorm(stream.sum, attended, between.weight, between.bias);
    const fed = program.within(`layers.${index}.feed_forward`, () =>
      feedForward(stream.norm, layer.feedForward, "whole"),
    );
    const next = weights.layers[index + 1];
    const after = next
      ? norm(`layers.${index + 1}.attention.norm`, next.attention.norm)
      : norm("norm", weights.norm);
    stream = addAndNorm(stream.sum, fed, after.weight, after.bias);
  }
  program.output("frames", stream.norm);
  return program;
}
