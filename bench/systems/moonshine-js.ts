/**
 * The loop of @usefulsensors/moonshine-js 0.1.14 (MIT), `src/model.ts`, on onnxruntime-node.
 *
 * The package itself wants a browser: it fetches its weights from a web address and runs on onnxruntime-web. Tensors,
 * loop, limit, choice of token and tokenizer are its own, down to what they cost; only the engine is the faster native
 * one.
 */
import llamaTokenizer from "llama-tokenizer-js";
import * as ort from "onnxruntime-node";
import { moonshineSize } from "./moonshine-size.ts";
import type { LoadSystem } from "./system.ts";

const startToken = 1;
const endToken = 2;
/** The package's bound on the length of a text. */
const tokensPerSecond = 6;

export const load: LoadSystem = async ({ weights, threads }) => {
  const { layers, heads, headWidth } = moonshineSize(weights.id);
  const sessionOptions = { executionProviders: ["cpu"], intraOpNumThreads: threads };
  const encoder = await ort.InferenceSession.create(weights.files["encoder.onnx"]!, sessionOptions);
  const decoder = await ort.InferenceSession.create(weights.files["decoder.onnx"]!, sessionOptions);
  const cacheNames = Array.from({ length: layers }, (_, layer) =>
    ["decoder", "encoder"].flatMap((part) =>
      ["key", "value"].map((kind) => `past_key_values.${layer}.${part}.${kind}`),
    ),
  ).flat();

  async function transcribe(samples: Float32Array): Promise<string> {
    const maximumTokens = Math.trunc((samples.length / 16_000) * tokensPerSecond);
    const encoded = await encoder.run({
      input_values: new ort.Tensor("float32", samples, [1, samples.length]),
    });
    const cache: Record<string, ort.Tensor> = {};
    for (const name of cacheNames) cache[name] = new ort.Tensor("float32", [], [0, heads, 1, headWidth]);
    const tokens = [startToken];
    let input = startToken;
    for (let step = 0; step < maximumTokens; step++) {
      const output = await decoder.run({
        input_ids: new ort.Tensor("int64", [input], [1, 1]),
        encoder_hidden_states: encoded.last_hidden_state!,
        use_cache_branch: new ort.Tensor("bool", [step > 0]),
        ...cache,
      });
      const token = indexOfMaximum((await output.logits!.getData()) as Float32Array);
      tokens.push(token);
      if (token === endToken) break;
      input = token;
      const presentCache = Object.entries(output)
        .filter(([name]) => name.includes("present"))
        .map(([, tensor]) => tensor);
      for (const [index, name] of cacheNames.entries()) {
        if (step === 0 || name.includes("decoder")) cache[name] = presentCache[index]!;
      }
    }
    // The package takes off the last token even where the limit, not the end token, ended the text.
    return llamaTokenizer.decode(tokens.slice(0, -1));
  }

  return { transcribe };
};

/** As the package does it, with a pair made for every token of the vocabulary. */
function indexOfMaximum(values: Float32Array): number {
  const pairs = [].map.call(values, (value, index) => [value, index]) as [number, number][];
  return pairs.reduce((highest, pair) => (pair[0] > highest[0] ? pair : highest))[1];
}
