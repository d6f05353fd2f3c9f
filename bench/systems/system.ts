/**
 * What is measured: a recogniser that is loaded once and given one recording after another.
 */

/** The weights, the same for every system. */
export interface Weights {
  /** As Glossa takes it: a name or a folder. */
  model: string;
  id: string;
  architecture: "whisper" | "moonshine";
  /** Absolute paths by Glossa's file names, such as `encoder.onnx`. */
  files: Record<string, string>;
}

export interface SystemSettings {
  weights: Weights;
  /** Threads of the engine. */
  threads: number;
  /** Hypotheses kept by Glossa's search; the peers are greedy. */
  beamSize: number;
  /** Glossary for Glossa; the peers take none. */
  terms: readonly string[];
  /** Folder of this system's own, empty, for files that it wants in another layout. */
  scratchFolder: string;
}

export interface System {
  /** @param samples mono, 16,000 a second; @param language ISO 639-1 code */
  transcribe(samples: Float32Array, language: string): Promise<string>;
}

export type LoadSystem = (settings: SystemSettings) => Promise<System>;

/** What is known of a system before it is loaded. */
export interface SystemDescription {
  /** As printed; unique in a run. */
  name: string;
  /** The file here that holds its `load`. */
  module: "glossa" | "transformers-js" | "moonshine-js" | "sherpa-onnx";
  beamSize: number;
  /** Whether it is given the terms. */
  takesTerms?: boolean;
  /** Whether it takes recordings of any length. */
  cutsLongRecordings: boolean;
}
