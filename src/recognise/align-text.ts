/**
 * Where the words of a known text are spoken, by the recogniser's own cross-attention: the text is put through the decoder as if it
 * had been recognised, and its tokens get times as recognised ones do.
 */
import type { AudioInput } from "../audio/open-audio.ts";
import { readSamples } from "../audio/read-samples.ts";
import { GlossaError } from "../errors.ts";
import type { SpeechModel } from "../models/speech-model.ts";
import { confidenceCurve } from "./confidence.ts";
import { timedTextOf } from "./timed-text.ts";
import { timedTokens } from "./timed-tokens.ts";
import { wordsOf } from "./words.ts";

/** A word of a text and where it is spoken. Times in seconds from the start of the recording. */
export interface AlignedWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** 0 to 1; low where something else is said. */
  readonly score: number;
}

export interface AlignTextOptions {
  /** ISO 639-1 code; default: heard. */
  language?: string;
  signal?: AbortSignal;
}

/**
 * @throws GlossaError `invalid-argument` when the recording is longer than the model's window, or the text has no words or more
 *   tokens than the model takes; as `openAudio`
 */
export async function alignText(
  model: SpeechModel,
  audio: AudioInput,
  text: string,
  { language, signal }: AlignTextOptions = {},
): Promise<AlignedWord[]> {
  const mostSamples = model.maximumSeconds * 16_000;
  const samples = await readSamples(audio, { signal, mostSamples });
  if (samples.length === 0) throw new GlossaError("unsupported-audio", "there is no audio in it");
  if (samples.length > mostSamples) {
    throw new GlossaError(
      "invalid-argument",
      `${model.id} aligns up to ${model.maximumSeconds} s at once; cut the recording up, or align with a trained model (--model)`,
    );
  }
  const tokens = model.tokenizer.encode(` ${text.trim().replace(/\s+/g, " ")}`);
  const mostTokens = model.tokenLimit(model.maximumSeconds);
  if (!/[\p{L}\p{N}]/u.test(text) || tokens.length > mostTokens) {
    throw new GlossaError(
      "invalid-argument",
      tokens.length > mostTokens
        ? `the text has ${tokens.length} tokens, ${model.id} takes ${mostTokens} at once`
        : "the text has no words",
    );
  }
  using frames = await model.encode(samples);
  signal?.throwIfAborted();
  const spoken = language ?? likeliest(await model.detectLanguage(frames));
  using state = await model.decoder([{ frames, prompt: { language: spoken, attention: true } }]);
  const attention: Float32Array[] = [];
  const tokenLogProbabilities: number[] = [];
  for (const token of [...tokens, model.endToken]) {
    signal?.throwIfAborted();
    if (state.attention !== null) {
      attention.push(state.attention.slice(0, state.attentionHeads * state.attentionFrames));
    }
    tokenLogProbabilities.push(state.logProbabilities[token]!);
    if (token !== model.endToken) await state.step([0], [token]);
  }
  const seconds = samples.length / 16_000;
  const whole = { startSeconds: 0, endSeconds: seconds };
  const window = { ...whole, samples, speech: [whole], speechSeconds: seconds, precedingSilenceSeconds: 0 };
  const decoded = {
    hypothesis: { tokens, tokenLogProbabilities, attention },
    attentionHeads: state.attentionHeads,
    attentionFrames: state.attentionFrames,
  };
  const timed = timedTextOf(timedTokens(decoded, window, model), model.tokenizer);
  return wordsOf(timed, confidenceCurve(model.id)).map(({ text: word, start, end, confidence }) => ({
    text: word,
    start,
    end,
    score: confidence,
  }));
}

function likeliest(languages: ReadonlyMap<string, number>): string {
  return [...languages].reduce((best, candidate) => (candidate[1] > best[1] ? candidate : best))[0];
}
