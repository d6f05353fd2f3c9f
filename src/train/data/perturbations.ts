/**
 * Perturbed copies of utterances for training: each is drawn from ranges by the seed, the utterance and the number of the copy,
 * so that the same settings give the same copies on any machine.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { readSamples } from "../../audio/read-samples.ts";
import { GlossaError } from "../../errors.ts";
import { audioFilesAt } from "../../eval/datasets/audio-files.ts";
import { addNoise, changeGain, changeSpeed, limitBand, reverberate } from "../../eval/perturb.ts";
import { seedOf } from "../../eval/term-lists.ts";
import { randomGenerator } from "../../random.ts";

const share = z.number().min(0).max(1);
function range(smallest: number, largest: number) {
  return z
    .tuple([z.number().min(smallest).max(largest), z.number().min(smallest).max(largest)])
    .refine(([from, to]) => from <= to, "must be the smaller number before the larger");
}

/** How copies are perturbed; what is left out does not happen. */
export const perturbationsSchema = z.strictObject({
  copies: z
    .number()
    .int()
    .min(0)
    .max(20)
    .default(1)
    .describe("Perturbed copies of every utterance, beside itself."),
  speed: range(0.5, 2).optional().describe("Factors; pitch changes with it."),
  gainDecibels: range(-40, 20).optional(),
  noise: z.string().optional().describe("File, or folder of files, of noises."),
  snrDecibels: range(-10, 60).default([5, 25]),
  noiseShare: share.default(0.5).describe("Share of the copies that get noise."),
  rooms: z.string().optional().describe("File, or folder of files, of impulse responses."),
  roomShare: share.default(0.3),
  bandShare: share.default(0).describe("Share of the copies that lose low and high frequencies."),
});
export type Perturbations = z.infer<typeof perturbationsSchema>;

/** What is done to one copy; all of it is part of the name that its frames are kept under. */
export interface DrawnPerturbation {
  speed?: number;
  room?: string;
  noise?: { sha256: string; snrDecibels: number; seed: number };
  bandHertz?: [number, number];
  gainDecibels?: number;
}

interface Sound {
  readonly path: string;
  readonly sha256: string;
  samples?: Promise<Float32Array>;
}

/** What small microphones and bad lines lose. */
const lowestHertz = [50, 400] as const;
const highestHertz = [2500, 7000] as const;

export class TrainingPerturber {
  readonly settings: Perturbations;
  readonly #seed: number;
  readonly #noises: readonly Sound[];
  readonly #rooms: readonly Sound[];

  private constructor(
    settings: Perturbations,
    seed: number,
    noises: readonly Sound[],
    rooms: readonly Sound[],
  ) {
    this.settings = settings;
    this.#seed = seed;
    this.#noises = noises;
    this.#rooms = rooms;
  }

  /** @throws GlossaError `unreadable-input`, `invalid-argument` when noises or rooms are not there */
  static async create(settings: Perturbations, seed: number): Promise<TrainingPerturber> {
    const { noise, rooms } = settings;
    return new TrainingPerturber(
      settings,
      seed,
      noise === undefined ? [] : await soundsAt(noise, "noise"),
      rooms === undefined ? [] : await soundsAt(rooms, "rooms"),
    );
  }

  /** @param copy from 1 */
  draw(id: string, copy: number): DrawnPerturbation {
    const { speed, gainDecibels, snrDecibels, noiseShare, roomShare, bandShare } = this.settings;
    const random = randomGenerator(seedOf(this.#seed, `perturb ${copy} ${id}`));
    const between = ([from, to]: readonly [number, number]) =>
      Math.round((from + (to - from) * random()) * 1000) / 1000;
    const drawn: DrawnPerturbation = {};
    // Every number is drawn whether it is used or not, so that a setting changes nothing but itself.
    const factor = between(speed ?? [1, 1]);
    if (factor !== 1) drawn.speed = factor;
    const [roomChance, room] = [random(), random()];
    if (this.#rooms.length > 0 && roomChance < roomShare) {
      drawn.room = this.#rooms[Math.floor(room * this.#rooms.length)]!.sha256;
    }
    const [noiseChance, noise, snr, noiseSeed] = [random(), random(), between(snrDecibels), random()];
    if (this.#noises.length > 0 && noiseChance < noiseShare) {
      const { sha256 } = this.#noises[Math.floor(noise * this.#noises.length)]!;
      drawn.noise = { sha256, snrDecibels: snr, seed: Math.floor(noiseSeed * 2 ** 32) };
    }
    const [bandChance, low, high] = [random(), between(lowestHertz), between(highestHertz)];
    if (bandChance < bandShare) drawn.bandHertz = [low, high];
    const gain = between(gainDecibels ?? [0, 0]);
    if (gain !== 0) drawn.gainDecibels = gain;
    return drawn;
  }

  /**
   * Speed, room, noise, band, gain: in the order of the world.
   *
   * @param mostSamples slowing down stops short of it
   * @throws GlossaError as `openAudio`; `invalid-argument` for a noise that is silent
   */
  async apply(
    samples: Float32Array,
    drawn: DrawnPerturbation,
    mostSamples: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    let result = samples;
    if (drawn.speed !== undefined) {
      // A sample is left for rounding.
      result = changeSpeed(samples, Math.max(drawn.speed, samples.length / (mostSamples - 1)));
    }
    if (drawn.room !== undefined) {
      result = reverberate(result, await this.#load(this.#rooms, drawn.room, signal));
    }
    if (drawn.noise !== undefined) {
      const { sha256, snrDecibels, seed } = drawn.noise;
      const noise = await this.#load(this.#noises, sha256, signal);
      const noisy = addNoise(result, noise, snrDecibels, randomGenerator(seed));
      if (noisy === null) {
        const { path } = this.#noises.find((sound) => sound.sha256 === sha256)!;
        throw new GlossaError("invalid-argument", `${path}: there is only silence in it`);
      }
      result = noisy;
    }
    if (drawn.bandHertz !== undefined) result = limitBand(result, ...drawn.bandHertz);
    if (drawn.gainDecibels !== undefined) result = changeGain(result, drawn.gainDecibels);
    return result;
  }

  #load(sounds: readonly Sound[], sha256: string, signal?: AbortSignal): Promise<Float32Array> {
    const sound = sounds.find((candidate) => candidate.sha256 === sha256)!;
    sound.samples ??= readSamples(sound.path, { signal });
    return sound.samples;
  }
}

async function soundsAt(path: string, setting: string): Promise<Sound[]> {
  const files = await audioFilesAt(path, setting);
  return Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(file).catch((cause: Error) => {
        throw new GlossaError("unreadable-input", `${setting}: cannot read ${file}: ${cause.message}`, {
          cause,
        });
      });
      return { path: file, sha256: createHash("sha256").update(bytes).digest("hex") };
    }),
  );
}
