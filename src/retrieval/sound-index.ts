/**
 * Which of thousands of terms may stand where in what was heard: an index of runs of three coarse sound classes. A term is
 * looked at closely only where enough of its runs are heard in nearly their order.
 */
import { classCount, phoneClasses } from "./phones.ts";
import type { SoundStream } from "./alignment.ts";

const gramCount = classCount ** 3;
/** Diagonals (place in the stream less place in the term) that are counted together. */
const blockShift = 3;
/** Most sounds of a term that are indexed; what stands behind them is rarely needed to tell terms apart. */
const mostIndexedSounds = 40;

/** A place where a term may stand. */
export interface Suspect {
  /** Index of the sequence. */
  sequence: number;
  /** The stretch of the stream to look at, `from` to before `to`. */
  from: number;
  to: number;
}

export class SoundIndex {
  readonly #lengths: Uint16Array;
  /** For every run of classes where its entries begin. */
  readonly #offsets: Int32Array;
  /** Sequence and place in it, as pairs. */
  readonly #sequences: Int32Array;
  readonly #places: Uint8Array;
  /** How many runs must be heard near one diagonal. */
  readonly #needed: Uint8Array;
  #counts = new Uint8Array(0);

  constructor(sequences: readonly Uint8Array[]) {
    this.#lengths = Uint16Array.from(sequences, (sounds) => sounds.length);
    this.#needed = Uint8Array.from(sequences, (sounds) => neededRuns(sounds.length));
    const sizes = new Int32Array(gramCount + 1);
    for (const sounds of sequences) eachGramOfTerm(sounds, (gram) => sizes[gram + 1]!++);
    for (let gram = 0; gram < gramCount; gram++) sizes[gram + 1]! += sizes[gram]!;
    this.#offsets = sizes.slice();
    this.#sequences = new Int32Array(sizes[gramCount]!);
    this.#places = new Uint8Array(sizes[gramCount]!);
    const next = sizes.slice();
    for (const [sequence, sounds] of sequences.entries()) {
      eachGramOfTerm(sounds, (gram, place) => {
        const entry = next[gram]!++;
        this.#sequences[entry] = sequence;
        this.#places[entry] = place;
      });
    }
  }

  /** Calls back with every place where a sequence may stand; the object is the same every time. */
  search(stream: SoundStream, found: (suspect: Suspect) => void): void {
    const { sounds } = stream;
    const count = this.#lengths.length;
    // Diagonals from -mostIndexedSounds to the end of the stream; each run counts for its block and the one before.
    const blocks = ((sounds.length + mostIndexedSounds) >> blockShift) + 2;
    const size = count * blocks;
    if (this.#counts.length < size) this.#counts = new Uint8Array(size);
    else this.#counts.fill(0, 0, size);
    const counts = this.#counts;
    eachGram(sounds, sounds.length - 1, (gram, place) => {
      for (let entry = this.#offsets[gram]!; entry < this.#offsets[gram + 1]!; entry++) {
        const block = (place - this.#places[entry]! + mostIndexedSounds) >> blockShift;
        counts[this.#sequences[entry]! * blocks + block]!++;
      }
    });
    const suspect: Suspect = { sequence: 0, from: 0, to: 0 };
    for (let sequence = 0; sequence < count; sequence++) {
      const needed = this.#needed[sequence]!;
      const first = sequence * blocks;
      let end = 0;
      let open = false;
      const length = this.#lengths[sequence]!;
      for (let block = 0; block + 1 < blocks; block++) {
        if (counts[first + block]! + counts[first + block + 1]! < needed) continue;
        const start = (block << blockShift) - mostIndexedSounds;
        const from = Math.max(0, start - 3);
        const to = Math.min(sounds.length, start + (2 << blockShift) + length + 3);
        // Neighbouring places are looked at as one.
        if (open && from <= end) {
          suspect.to = end = to;
          continue;
        }
        if (open) found(suspect);
        suspect.sequence = sequence;
        suspect.from = from;
        suspect.to = end = to;
        open = true;
      }
      if (open) found(suspect);
    }
  }
}

/** A third of the runs, at least one: an error in the middle of a short term destroys most of its runs. */
function neededRuns(length: number): number {
  const runs = Math.max(1, Math.min(length, mostIndexedSounds) - 2);
  return Math.max(1, Math.floor(runs * 0.34));
}

/** The runs of a term; one of two sounds ("go") may be followed by anything. */
function eachGramOfTerm(sounds: Uint8Array, call: (gram: number, place: number) => void): void {
  const length = Math.min(sounds.length, mostIndexedSounds);
  if (length !== 2) return eachGram(sounds, Math.max(1, length - 2), call);
  const first = phoneClasses[sounds[0]!]! * classCount + phoneClasses[sounds[1]!]!;
  for (let next = 0; next < classCount; next++) call(first * classCount + next, 0);
}

/** The first `count` runs of three classes; behind the end the last sound counts as if it were repeated. */
function eachGram(sounds: Uint8Array, count: number, call: (gram: number, place: number) => void): void {
  const last = sounds.length - 1;
  if (last < 0) return;
  const at = (place: number) => phoneClasses[sounds[Math.min(place, last)]!]!;
  for (let place = 0; place < count; place++) {
    call((at(place) * classCount + at(place + 1)) * classCount + at(place + 2), place);
  }
}
