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
import type { FrameSource } from "../models/speech-model.ts";
import type { AlignedWord } from "../recognise/align-text.ts";
import { loadFrameSource } from "../recognise/load-model.ts";
import type { LoadOptions } from "../recognise/options.ts";
import { createSession, type OnnxSession, tensorFactory } from "../runtime/session.ts";
import { resolveModel } from "../weights/model-store.ts";
import { ctcAlign } from "./ctc.ts";
import { encodeLong } from "./data/encode-long.ts";
import { encoderFingerprint } from "../weights/encoder-fingerprint.ts";
import { poolingOf } from "./recipes/classify.ts";
import { type HeadDescription, headFiles, readHeadDescription } from "../retrieval/head-files.ts";
import { LetterHead } from "../retrieval/letter-head.ts";

export interface HeadOptions extends Omit<LoadOptions, "model"> {}

/** The alignment's table has frames times labels places; beyond this a recording and its text are to be cut up. */
const mostCells = 2e8;

/** Seconds that a sound goes on behind its label, in synthetic speech with exact times and at least so long in real speech. */
const endShift = 0.015;

/** Frames of a recording of any length, one after the other. */
interface RecordingFrames {
  readonly data: Float32Array;
  readonly width: number;
  readonly seconds: number;
}

/** @throws GlossaError `invalid-argument` when the model is not the one that the head was trained over */
async function loadModelOf(
  { encoder, fingerprint }: HeadDescription,
  folder: string,
  options: HeadOptions,
): Promise<FrameSource> {
  const resolved = await resolveModel(encoder, options);
  if ((await encoderFingerprint(resolved, options.trailingSilence)) !== fingerprint) {
    throw new GlossaError(
      "invalid-argument",
      `${folder} was trained over frames of another ${encoder}; train it again, or bring that model back`,
    );
  }
  return loadFrameSource({ ...options, model: encoder });
}

/** Loads what reads the frames of a model; lets the model go when that fails. */
async function beside<Reader>(model: FrameSource, load: () => Promise<Reader>): Promise<Reader> {
  try {
    return await load();
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

async function framesOfRecording(
  model: FrameSource,
  audio: AudioInput,
  signal: AbortSignal | undefined,
): Promise<RecordingFrames> {
  const samples = await readSamples(audio, { signal });
  if (samples.length === 0) throw new GlossaError("unsupported-audio", "there is no audio in it");
  return { ...(await encodeLong(model, samples, signal)), seconds: samples.length / 16_000 };
}

/** What stands in brackets is spoken too, where training takes it for a note about the sound. */
function withoutBrackets(text: string): string {
  return text.replace(/[()<>[\]]/g, " ");
}

/** Finds the words of a known text in a recording by CTC. */
export class CtcAligner implements AsyncDisposable {
  readonly #model: FrameSource;
  readonly #head: LetterHead;

  private constructor(model: FrameSource, head: LetterHead) {
    this.#model = model;
    this.#head = head;
  }

  /**
   * @param folder of a finished run of a `ctc-head` recipe
   * @throws GlossaError `unreadable-input`, `invalid-argument`; as `createRecogniser`
   */
  static async load(folder: string, options: HeadOptions = {}): Promise<CtcAligner> {
    const description = await readHeadDescription(folder, "ctc-head");
    const model = await loadModelOf(description, folder, options);
    return new CtcAligner(model, await beside(model, () => LetterHead.load(folder, options)));
  }

  /**
   * @throws GlossaError `invalid-argument` when the text cannot be written in the labels, or is too long for the recording; as
   *   `openAudio`
   */
  async align(audio: AudioInput, text: string, signal?: AbortSignal): Promise<AlignedWord[]> {
    const { labels: labelSet, placeSeconds } = this.#head;
    const encoded = labelSet.encode(withoutBrackets(text));
    if ("problem" in encoded) {
      throw new GlossaError("invalid-argument", `the text cannot be aligned: ${encoded.problem}`);
    }
    const { data, width, seconds } = await framesOfRecording(this.#model, audio, signal);
    const { logits, places } = await this.#head.run(data, width);
    if (places * encoded.labels.length > mostCells) {
      throw new GlossaError(
        "invalid-argument",
        `${seconds.toFixed(0)} s of audio and ${encoded.labels.length} labels are too much at once; cut both up`,
      );
    }
    const aligned = ctcAlign(logits, places, labelSet.count, encoded.labels);
    if (aligned === null) {
      throw new GlossaError(
        "invalid-argument",
        `the text has ${encoded.labels.length} labels, too many for ${seconds.toFixed(1)} s of audio`,
      );
    }
    let at = 0;
    const words = encoded.words.map(({ text: word, labels }) => {
      // Spaces stand between words, and belong to none.
      while (aligned[at]!.label !== labels[0]) at++;
      const own = aligned.slice(at, at + labels.length);
      at += labels.length;
      const score = own.reduce((sum, place) => sum + place.score, 0) / own.length;
      return {
        text: word,
        start: own[0]!.start * placeSeconds,
        end: Math.min(seconds, own.at(-1)!.end * placeSeconds + endShift),
        score: Math.exp(score),
      };
    });
    return words.map((word, i) => ({ ...word, end: Math.min(word.end, words[i + 1]?.start ?? word.end) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#head[Symbol.asyncDispose](), this.#model[Symbol.asyncDispose]()]);
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
  readonly #model: FrameSource;
  readonly #session: OnnxSession;
  /** What the classes are: speaker, language, set. */
  readonly target: string;
  readonly classes: readonly string[];

  private constructor(model: FrameSource, session: OnnxSession, target: string, classes: readonly string[]) {
    this.#model = model;
    this.#session = session;
    this.target = target;
    this.classes = classes;
  }

  /**
   * @param folder of a finished run of a `classify` recipe
   * @throws GlossaError `unreadable-input`, `invalid-argument`; as `createRecogniser`
   */
  static async load(folder: string, options: HeadOptions = {}): Promise<Classifier> {
    const description = await readHeadDescription(folder, "classify");
    const model = await loadModelOf(description, folder, options);
    const session = await beside(model, () => createSession(join(folder, headFiles.graph), options));
    return new Classifier(model, session, description.target, description.classes);
  }

  /** @returns all classes, the most probable first. @throws GlossaError as `openAudio` */
  async classify(audio: AudioInput, signal?: AbortSignal): Promise<ClassScore[]> {
    const { data, width } = await framesOfRecording(this.#model, audio, signal);
    const steps = data.length / width;
    const pooling = poolingOf([steps], steps);
    const tensors = await tensorFactory();
    const { logits } = await this.#session.run({
      frames: tensors.float32(data, [1, steps, width]),
      pooling: tensors.float32(pooling.data, pooling.shape),
    });
    const scores = logits!.data as Float32Array;
    const highest = Math.max(...scores);
    const weights = Array.from(scores, (score) => Math.exp(score - highest));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return this.classes
      .map((name, i) => ({ name, probability: weights[i]! / sum }))
      .sort((a, b) => b.probability - a.probability);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#session[Symbol.asyncDispose](), this.#model[Symbol.asyncDispose]()]);
  }
}
