/** What turns text into speech for training. */

/** Accents that English can be said with. */
export const spokenAccents = ["mandarin"] as const;
export type SpokenAccent = (typeof spokenAccents)[number];

/** Speech as it was made. */
export interface SpokenText {
  /** Mono, nominally in [-1, 1]. */
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

export interface Synthesiser extends AsyncDisposable {
  /** For the manifest: `kokoro`, or the command. */
  readonly name: string;
  /** All that it has. One that is named speaks any language that the synthesiser speaks, with the accent of its own. */
  readonly voices: readonly string[];
  /** Voices of a language, by ISO 639-1 code; none when it does not speak it. */
  voicesOf(language: string): readonly string[];
  /**
   * @param speed 1 is the voice's own
   * @throws GlossaError when this text cannot be spoken
   */
  speak(
    text: string,
    options: { voice: string; language: string; speed: number; signal?: AbortSignal },
  ): Promise<SpokenText>;
}
