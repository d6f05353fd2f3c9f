/**
 * Encoders of the wav2vec 2.0 family (wav2vec 2.0, HuBERT, WavLM, data2vec) as exported to ONNX: sound in, frames out, nothing that
 * writes. Heads can be trained over their frames as over a recogniser's.
 *
 *     await using encoder = await AudioEncoder.load("data2vec", (name) => join(folder, name), {});
 *     using frames = await encoder.encode(samples);
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import {
  createSession,
  type OnnxSession,
  type SessionOptions,
  tensorFactory,
  type TensorFactory,
} from "../../runtime/session.ts";
import { EncodedFrames } from "../encoded-frames.ts";
import type { AudioFrames, FrameSource } from "../speech-model.ts";

const files = {
  graph: "encoder.onnx",
  config: "config.json",
  preprocessor: "preprocessor_config.json",
} as const;

const sampleRate = 16_000;
/** Self-attention grows with the square of the time; these models were trained on some 15 s. */
const maximumSeconds = 30;

const strides = z.array(z.number().int().positive()).min(1);
const configSchema = z
  .object({ conv_stride: strides, conv_kernel: strides })
  .refine(({ conv_stride, conv_kernel }) => conv_stride.length === conv_kernel.length, {
    path: ["conv_kernel"],
    message: "must have as many numbers as conv_stride",
  });
const preprocessorSchema = z.object({
  do_normalize: z.boolean().default(true),
  sampling_rate: z.number().default(sampleRate),
});

export class AudioEncoder implements FrameSource {
  readonly id: string;
  readonly frameRate: number;
  readonly maximumSeconds = maximumSeconds;
  readonly leadInSeconds = 0;
  /** Samples that the first frame is made of: what is shorter gives none. */
  readonly #fewestSamples: number;
  readonly #isNormalised: boolean;
  readonly #session: OnnxSession;
  readonly #tensors: TensorFactory;

  private constructor(
    id: string,
    { conv_stride, conv_kernel }: z.infer<typeof configSchema>,
    isNormalised: boolean,
    session: OnnxSession,
    tensors: TensorFactory,
  ) {
    this.id = id;
    this.frameRate = sampleRate / conv_stride.reduce((product, stride) => product * stride, 1);
    this.#fewestSamples = conv_kernel.reduceRight(
      (samples, kernel, i) => (samples - 1) * conv_stride[i]! + kernel,
      1,
    );
    this.#isNormalised = isNormalised;
    this.#session = session;
    this.#tensors = tensors;
  }

  /**
   * @param path of `encoder.onnx`, `config.json` and `preprocessor_config.json`
   * @throws GlossaError `unreadable-input` for a configuration that says too little, `invalid-argument` for a graph with other
   *   inputs, `runtime-failed`
   */
  static async load(
    id: string,
    path: (name: string) => string,
    options: SessionOptions,
  ): Promise<AudioEncoder> {
    const config = await readConfig(path(files.config), configSchema);
    const { do_normalize, sampling_rate } = await readConfig(path(files.preprocessor), preprocessorSchema);
    if (sampling_rate !== sampleRate) {
      throw new GlossaError(
        "invalid-argument",
        `${path(files.preprocessor)}: sampling_rate is ${sampling_rate}; only models of ${sampleRate} Hz can be used`,
      );
    }
    const graph = path(files.graph);
    const session = await createSession(graph, options);
    const [sound, ...others] = session.inputNames;
    if (sound === undefined || others.some((name) => name !== "attention_mask")) {
      await session[Symbol.asyncDispose]();
      throw new GlossaError(
        "invalid-argument",
        `${graph} has the inputs ${session.inputNames.join(", ")}; it must take samples, and may take an attention_mask`,
      );
    }
    return new AudioEncoder(id, config, do_normalize, session, await tensorFactory());
  }

  async encode(samples: Float32Array): Promise<AudioFrames> {
    if (samples.length > maximumSeconds * sampleRate)
      throw new RangeError(`${samples.length} samples are more than ${maximumSeconds} s.`);
    const count = Math.max(samples.length, this.#fewestSamples);
    const values = new Float32Array(count);
    values.set(this.#isNormalised ? normalised(samples) : samples);
    const [sound, mask] = this.#session.inputNames;
    const outputs = await this.#session.run({
      [sound!]: this.#tensors.float32(values, [1, count]),
      ...(mask === undefined
        ? {}
        : { [mask]: this.#tensors.int64(new Uint8Array(count).fill(1), [1, count]) }),
    });
    // Further outputs are those of single layers.
    const [frames, ...rest] = this.#session.outputNames.map((name) => outputs[name]!);
    for (const tensor of rest) tensor.dispose();
    return new EncodedFrames(frames!, samples.length / sampleRate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/** Mean 0 and variance 1, as `Wav2Vec2FeatureExtractor` makes it. */
function normalised(samples: Float32Array): Float32Array {
  let sum = 0;
  for (const sample of samples) sum += sample;
  const mean = sum / samples.length;
  let squares = 0;
  for (const sample of samples) squares += (sample - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / samples.length + 1e-7);
  return samples.map((sample) => (sample - mean) * scale);
}

async function readConfig<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new GlossaError("unreadable-input", `${path} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GlossaError("unreadable-input", `${path}: ${issue!.path.join(".")}: ${issue!.message}`);
}
