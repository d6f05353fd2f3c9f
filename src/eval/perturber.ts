/** Perturbs the recordings of a run: reads noises and impulse responses, and chooses one for every utterance. */
import type { AudioSamples } from "../audio/open-audio.ts";
import { readSamples } from "../audio/read-samples.ts";
import { GlossaError } from "../errors.ts";
import { audioFilesAt } from "./datasets/audio-files.ts";
import { addNoise, changeSpeed, reverberate, throughTelephone } from "./perturb.ts";
import { randomGenerator } from "../random.ts";
import type { Perturbation } from "./records.ts";
import { seedOf } from "./term-lists.ts";

export class Perturber {
  readonly #perturbation: Perturbation;
  readonly #seed: number;
  readonly #noises: readonly string[];
  readonly #rooms: readonly string[];
  readonly #decoded = new Map<string, Float32Array>();

  private constructor(
    perturbation: Perturbation,
    seed: number,
    noises: readonly string[],
    rooms: readonly string[],
  ) {
    this.#perturbation = perturbation;
    this.#seed = seed;
    this.#noises = noises;
    this.#rooms = rooms;
  }

  /** @throws GlossaError `unreadable-input`, `invalid-argument` when noise or rooms are not there */
  static async create(perturbation: Perturbation, seed: number): Promise<Perturber> {
    const { noise, reverb } = perturbation;
    return new Perturber(
      perturbation,
      seed,
      noise === undefined ? [] : await audioFilesAt(noise, "--noise"),
      reverb === undefined ? [] : await audioFilesAt(reverb, "--reverb"),
    );
  }

  /** Whether there is nothing to do. */
  get isIdle(): boolean {
    return Object.values(this.#perturbation).every((value) => value === undefined || value === false);
  }

  /**
   * Changed speed, then the room, then noise, then the telephone: the order in which it happens in the world. The same
   * utterance gets the same noise and room with the same seed.
   *
   * @throws GlossaError as `openAudio`
   */
  async apply(audio: string, id: string, signal?: AbortSignal): Promise<AudioSamples> {
    const { speed, snrDecibels = 0, telephone } = this.#perturbation;
    const random = randomGenerator(seedOf(this.#seed, `perturb ${id}`));
    const pick = (files: readonly string[]) => files[Math.floor(random() * files.length)];
    let samples = await readSamples(audio, { signal });
    if (speed !== undefined) samples = changeSpeed(samples, speed);
    if (this.#rooms.length > 0) samples = reverberate(samples, await this.#load(pick(this.#rooms), signal));
    if (this.#noises.length > 0) {
      const file = pick(this.#noises);
      const noisy = addNoise(samples, await this.#load(file, signal), snrDecibels, random);
      if (noisy === null) throw new GlossaError("invalid-argument", `${file}: there is only silence in it`);
      samples = noisy;
    }
    if (telephone) samples = throughTelephone(samples);
    return { samples, sampleRate: 16_000 };
  }

  async #load(file: string, signal?: AbortSignal): Promise<Float32Array> {
    let samples = this.#decoded.get(file);
    if (samples === undefined) {
      samples = await readSamples(file, { signal });
      this.#decoded.set(file, samples);
    }
    return samples;
  }
}
