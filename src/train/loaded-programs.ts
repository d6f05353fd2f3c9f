/** The programs of `training-programs.ts` as sessions, each made when it is needed first. */
import type { Program } from "../graph/program.ts";
import { writeProgram } from "../graph/write-program.ts";
import { createSession, type OnnxSession, type SessionOptions, type Tensor } from "../runtime/session.ts";
import {
  accumulateProgram,
  evaluateProgram,
  forwardProgram,
  type ProgramOptions,
  stepProgram,
  updateProgram,
} from "./training-programs.ts";

export interface LoadedProgram {
  readonly session: OnnxSession;
  readonly program: Program;
}

const writers = {
  step: stepProgram,
  accumulate: accumulateProgram,
  update: updateProgram,
  forward: forwardProgram,
  evaluate: evaluateProgram,
} as const;

export class TrainingPrograms implements AsyncDisposable {
  readonly #options: ProgramOptions;
  readonly #sessionOptions: SessionOptions;
  readonly #loaded = new Map<string, LoadedProgram>();

  constructor(options: ProgramOptions, sessionOptions: SessionOptions) {
    this.#options = options;
    this.#sessionOptions = sessionOptions;
  }

  /** @throws GlossaError `runtime-failed`; RangeError when the model cannot be trained */
  async load(name: keyof typeof writers): Promise<LoadedProgram> {
    const known = this.#loaded.get(name);
    if (known) return known;
    const program = writers[name](this.#options);
    const loaded = { session: await createSession(writeProgram(program), this.#sessionOptions), program };
    this.#loaded.set(name, loaded);
    return loaded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { session } of this.#loaded.values()) await session[Symbol.asyncDispose]();
    this.#loaded.clear();
  }
}

/** All outputs of a program, those that `writes` knows into the memory that it names. */
export function fetches(
  { program }: LoadedProgram,
  writes: Readonly<Record<string, Tensor | null>>,
): Record<string, Tensor | null> {
  return Object.fromEntries([...program.outputs.keys()].map((name) => [name, writes[name] ?? null]));
}
