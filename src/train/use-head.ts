/**
 * Trained heads at work: the model whose frames they read, and the head over them.
 *
 *     await using aligner = await CtcAligner.load("runs/ctc-head");
 *     const words = await aligner.align("talk.wav", "what is said in it");
 */
import { join } from "node:path";
import type { AudioInput } from "../audio/open-audio.ts";
import { readSamples } from "../audio/read-samples.ts";
import { GlossaError } from "../errors.ts";
import type { SpeechModel } from "../models/speech-model.ts";
import type { AlignedWord } from "../recognise/align-text.ts";
import { loadSpeechModel } from "../recognise/load-model.ts";
import type { LoadOptions } from "../recognise/options.ts";
import { createSession, type OnnxSession, tensorFactory, type TensorFactory } from "../runtime/session.ts";
import { resolveModel } from "../weights/model-store.ts";
import { ctcAlign } from "./ctc.ts";
import { CtcLabels } from "./ctc-labels.ts";
import { encodeLong } from "./data/encode-long.ts";
import { encoderFingerprint } from "./data/training-data.ts";
import { poolingOf } from "./recipes/classify.ts";
import { attentionBias } from "./recipes/data-recipe.ts";
import { type HeadDescription, headFiles, readHeadDescription } from "./recipes/head-files.ts";

export interface HeadOptions extends Omit<LoadOptions, "model"> {}

/** The alignment's table has frames times labels places; beyond this a recording and its text are to be cut up. */
const mostCells = 2e8;

class Head implements AsyncDisposable {
  readonly #model: SpeechModel;
  readonly #session: OnnxSession;
  readonly #tensors: TensorFactory;
  readonly #stack: number;

  constructor(model: SpeechModel, session: OnnxSession, tensors: TensorFactory, stack: number) {
    this.#model = model;
    this.#session = session;
    this.#tensors = tensors;
    this.#stack = stack;
  }

  /** @throws GlossaError `invalid-argument` when the model is not the one that the head was trained over */
  static async load(folder: string, description: HeadDescription, options: HeadOptions): Promise<Head> {
    const { encoder, fingerprint, stack } = description;
    const resolved = await resolveModel(encoder, options);
    if ((await encoderFingerprint(resolved, options.trailingSilence)) !== fingerprint) {
      throw new GlossaError(
        "invalid-argument",
        `${folder} was trained over frames of another ${encoder}; train it again, or bring that model back`,
      );
    }
    const model = await loadSpeechModel({ ...options, model: encoder });
    try {
      const { device, threads } = options;
      const session = await createSession(join(folder, headFiles.graph), { device, threads });
      return new Head(model, session, await tensorFactory(), stack);
    } catch (error) {
      await model[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Steps of a recording, and the head's scores. @param extra the head's other input */
  async run(
    audio: AudioInput,
    extra: { name: string; make: typeof poolingOf | typeof attentionBias },
    signal: AbortSignal | undefined,
  ): Promise<{ logits: Float32Array; steps: number; seconds: number }> {
    const samples = await readSamples(audio, { signal });
    if (samples.length === 0) throw new GlossaError("unsupported-audio", "there is no audio in it");
    const { data: frames, width } = await encodeLong(this.#model, samples, signal);
    const steps = Math.ceil(frames.length / width / this.#stack);
    const data = new Float32Array(steps * this.#stack * width);
    data.set(frames);
    const { data: values, shape } = extra.make([steps], steps);
    const { logits } = await this.#session.run({
      frames: this.#tensors.float32(data, [1, steps, this.#stack * width]),
      [extra.name]: this.#tensors.float32(values, shape),
    });
    return { logits: logits!.data as Float32Array, steps, seconds: samples.length / 16_000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#session[Symbol.asyncDispose](), this.#model[Symbol.asyncDispose]()]);
  }
}

/** Finds the words of a known text in a recording by CTC. */
export class CtcAligner implements AsyncDisposable {
  readonly #head: Head;
  readonly #labels: CtcLabels;
  readonly #stepSeconds: number;

  private constructor(head: Head, labels: CtcLabels, stepSeconds: number) {
    this.#head = head;
    this.#labels = labels;
    this.#stepSeconds = stepSeconds;
  }

  /**
   * @param folder of a finished run of a `ctc-head` recipe
   * @throws GlossaError `unreadable-input`, `invalid-argument`; as `createRecogniser`
   */
  static async load(folder: string, options: HeadOptions = {}): Promise<CtcAligner> {
    const description = await readHeadDescription(folder, "ctc-head");
    const head = await Head.load(folder, description, options);
    const { stack, frameRate, labels } = description;
    return new CtcAligner(head, new CtcLabels(labels), stack / frameRate);
  }

  /**
   * @throws GlossaError `invalid-argument` when the text cannot be written in the labels, or is too long for the recording; as
   *   `openAudio`
   */
  async align(audio: AudioInput, text: string, signal?: AbortSignal): Promise<AlignedWord[]> {
    const encoded = this.#labels.encode(text);
    if ("problem" in encoded) {
      throw new GlossaError("invalid-argument", `the text cannot be aligned: ${encoded.problem}`);
    }
    const { logits, steps, seconds } = await this.#head.run(
      audio,
      { name: "bias", make: attentionBias },
      signal,
    );
    if (steps * encoded.labels.length > mostCells) {
      throw new GlossaError(
        "invalid-argument",
        `${seconds.toFixed(0)} s of audio and ${encoded.labels.length} labels are too much at once; cut both up`,
      );
    }
    const places = ctcAlign(logits, steps, this.#labels.count, encoded.labels);
    if (places === null) {
      throw new GlossaError(
        "invalid-argument",
        `the text has ${encoded.labels.length} labels, too many for ${seconds.toFixed(1)} s of audio`,
      );
    }
    let at = 0;
    return encoded.words.map(({ text: word, labels }) => {
      // Spaces stand between words, and belong to none.
      while (places[at]!.label !== labels[0]) at++;
      const own = places.slice(at, at + labels.length);
      at += labels.length;
      const score = own.reduce((sum, place) => sum + place.score, 0) / own.length;
      return {
        text: word,
        start: own[0]!.start * this.#stepSeconds,
        end: Math.min(seconds, own.at(-1)!.end * this.#stepSeconds),
        score: Math.exp(score),
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#head[Symbol.asyncDispose]();
  }
}

/** A class and how probable it is. */
export interface ClassScore {
  readonly name: string;
  /** 0 to 1; all together 1. */
  readonly probability: number;
}

/** Tells recordings apart. */
export class Classifier implements AsyncDisposable {
  readonly #head: Head;
  /** What the classes are: speaker, language, set. */
  readonly target: string;
  readonly classes: readonly string[];

  private constructor(head: Head, target: string, classes: readonly string[]) {
    this.#head = head;
    this.target = target;
    this.classes = classes;
  }

  /**
   * @param folder of a finished run of a `classify` recipe
   * @throws GlossaError `unreadable-input`, `invalid-argument`; as `createRecogniser`
   */
  static async load(folder: string, options: HeadOptions = {}): Promise<Classifier> {
    const description = await readHeadDescription(folder, "classify");
    const head = await Head.load(folder, description, options);
    return new Classifier(head, description.target, description.classes);
  }

  /** @returns all classes, the most probable first. @throws GlossaError as `openAudio` */
  async classify(audio: AudioInput, signal?: AbortSignal): Promise<ClassScore[]> {
    const { logits } = await this.#head.run(audio, { name: "pooling", make: poolingOf }, signal);
    const highest = Math.max(...logits);
    const weights = Array.from(logits, (score) => Math.exp(score - highest));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return this.classes
      .map((name, i) => ({ name, probability: weights[i]! / sum }))
      .sort((a, b) => b.probability - a.probability);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#head[Symbol.asyncDispose]();
  }
}
