/** What the cutting of recordings asks of a voice activity detector; Silero VAD is one. */

/** Tells where speech is. */
export interface VoiceActivity {
  /** Samples at 16 kHz that one probability stands for. */
  readonly frameSamples: number;
  /** Starts on a new recording. */
  stream(): VoiceActivityStream;
}

/** The state of a detector within one recording. Calls must be awaited one after the other. */
export interface VoiceActivityStream {
  /**
   * Takes the next samples, mono 16 kHz, in pieces of any length.
   * @returns the speech probabilities, 0 to 1, of the frames that are now decided: not always all that are complete
   */
  push(samples: Float32Array): Promise<Float32Array>;
  /** Ends the recording; returns the probabilities of the remaining frames, the last of which may be incomplete. */
  flush(): Promise<Float32Array>;
}
