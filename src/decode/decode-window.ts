/**
 * One window of audio → one text: search, then the fallbacks and guards when the result looks like a known failure.
 */
import type { AudioFrames, SpeechModel } from "../models/speech-model.ts";
import { beamSearch, type Beginning } from "./beam-search.ts";
import { isEcho, isSilence, suspicionOf, type Suspicion } from "./guards.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { randomGenerator } from "../random.ts";
import { sample } from "./sampling.ts";
import type { TermTracker } from "./term-tracker.ts";

export interface DecodeOptions {
  readonly language: string;
  /** Tokens of context for the model's prompt. */
  readonly context: readonly number[];
  readonly terms?: TermTracker;
  /** What the text begins with; the fallbacks go without it. */
  readonly beginning?: Beginning;
  readonly beamSize: number;
  /** The first is tried first; 0 is beam search, more is sampling. */
  readonly temperatures: readonly number[];
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface DecodedWindow {
  readonly hypothesis: Hypothesis;
  /** What else the search came up with, the best first. */
  readonly others: readonly Hypothesis[];
  readonly text: string;
  readonly attentionHeads: number;
  readonly attentionFrames: number;
  /** Why the text should be doubted after all that was tried; null when there is no reason to. */
  readonly suspicion: Suspicion | null;
  /** The model finds that nobody speaks: the text is better left out. */
  readonly silence: boolean;
}

/** Length normalisation of search: with the plain mean a short text and a long one are equals. */
const lengthExponent = 1;
/** Weight of the view with context in joint beam search (docs/experiments.md). */
const contextWeight = 0.5;
/** Texts that are sampled side by side at a temperature. */
const samples = 5;

export async function decodeWindow(
  model: SpeechModel,
  frames: AudioFrames,
  options: DecodeOptions,
): Promise<DecodedWindow> {
  const common = {
    lengthExponent,
    maximumTokens: model.tokenLimit(frames.durationSeconds),
    vocabularySize: model.tokenizer.vocabularySize,
    endToken: model.endToken,
    suppressedTokens: model.suppressedTokens,
    suppressedAtStart: model.suppressedAtStart,
    signal: options.signal,
  };
  const random = randomGenerator(options.seed);
  let best: DecodedWindow | null = null;
  for (const { temperature, context, terms, beginning } of attempts(options)) {
    // Without its terms the search may find another text only where they made it go on and on.
    if (best && terms !== options.terms && temperature === 0 && best.suspicion === "improbable") continue;
    const start = (context: readonly number[]) => ({
      frames,
      prompt: {
        language: options.language,
        context,
        beginning: beginning?.hypothesis.tokens.slice(0, beginning.length),
        attention: true,
      },
    });
    const views = context.length > 0 ? [start([]), start(context)] : [start([])];
    using state = await model.decoder(views);
    const [hypothesis, ...others] =
      temperature === 0
        ? await beamSearch(state, {
            ...common,
            beamSize: options.beamSize,
            terms,
            beginning,
            contextWeight,
          })
        : await sample(state, {
            ...common,
            temperature,
            samples,
            random,
          });
    const text = model.tokenizer.decode(hypothesis!.tokens);
    const decoded: DecodedWindow = {
      hypothesis: hypothesis!,
      others,
      text,
      attentionHeads: state.attentionHeads,
      attentionFrames: state.attentionFrames,
      suspicion:
        suspicionOf(hypothesis!, text) ?? (isEcho(text, model.tokenizer.decode(context)) ? "echo" : null),
      silence: isSilence(hypothesis!, state.noSpeechProbabilities[0]!),
    };
    if (decoded.suspicion === null || decoded.silence) return decoded;
    if (best === null || isBetter(decoded, best)) best = decoded;
  }
  return best!;
}

interface Attempt {
  readonly temperature: number;
  readonly context: readonly number[];
  readonly terms?: TermTracker;
  readonly beginning?: Beginning;
}

/**
 * The prompt may be what leads the model astray, so every fallback does without it, and the first changes nothing else. The next
 * does without bonuses for terms: they can make a text that is said twice better than one that ends.
 */
function attempts({ temperatures, context, terms, beginning }: DecodeOptions): Attempt[] {
  const [first, ...others] = temperatures;
  const list: Attempt[] = [{ temperature: first!, context, terms, beginning }];
  if (context.length > 0) list.push({ temperature: first!, context: [], terms });
  if (terms && first === 0) list.push({ temperature: 0, context: [] });
  return [...list, ...others.map((temperature) => ({ temperature, context: [] }))];
}

/** Of two doubtful results, an improbable one is better than a loop, and a probable one better than an improbable one. */
function isBetter(a: DecodedWindow, b: DecodedWindow): boolean {
  if (a.suspicion !== b.suspicion) return a.suspicion === "improbable";
  return a.hypothesis.score > b.hypothesis.score;
}
