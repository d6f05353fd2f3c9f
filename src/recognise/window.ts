/**
 * One window of a recording → its text, with what was heard before and what the user knows. What comes of it is noted by
 * `RecordingState.add`, so that windows which do not depend on each other can be recognised side by side.
 */
import type { SpeechWindow } from "../audio/windows.ts";
import type { Suspicion } from "../decode/guards.ts";
import { buildPrompt } from "../decode/prompt.ts";
import type { AudioFrames, SpeechModel } from "../models/speech-model.ts";
import { fuse, type FusedMatch } from "../retrieval/fuse.ts";
import type { TermMatch } from "../retrieval/term-matcher.ts";
import { joinTexts } from "../transcript/text-flow.ts";
import type { Segment } from "../transcript/transcript.ts";
import { fastest, heardTerms, likeliest, quickPass } from "./heard-terms.ts";
import type { RecogniseOptions } from "./options.ts";
import type { RecognisedWindow, RecordingState } from "./recording-state.ts";
import { candidates, probabilitiesOf, type TermFinder } from "./spoken-terms.ts";
import { searchWindow, type RecognisedPart } from "./search-window.ts";
import { partOf, repeatsEnd, skippedSpeech, unheardSpeech, type SkippedSpeech } from "./unheard-speech.ts";
import { segmentsOf } from "./words.ts";

/** Options of recognition with their defaults. */
export interface Settings {
  readonly beamSize: number;
  readonly temperatures: readonly number[];
  readonly seed: number;
  readonly wordTimes: boolean;
  readonly previousText: boolean;
  readonly voiceActivity: boolean;
  readonly alternatives: boolean;
  readonly likelyTerms?: RecogniseOptions["likelyTerms"];
  readonly findTerms?: RecogniseOptions["findTerms"];
  /** Finds terms by their sounds; null when that is not wanted, or the model has no letter head. */
  readonly finder: TermFinder | null;
  readonly signal?: AbortSignal;
}

/** How often recognition goes on within one window for speech that was skipped, and as often after a text that ended too soon. */
const mostParts = 3;

/** Recognises the next window of a recording. Of `state`, only the vote on the language is changed. */
export async function recogniseWindow(
  model: SpeechModel,
  window: SpeechWindow,
  state: RecordingState,
  settings: Settings,
): Promise<RecognisedWindow> {
  using frames = await model.encode(window.samples);
  const language = await state.vote.languageOf(frames, model);
  const { glossary, previousText } = state;
  const { prepared } = glossary;
  const sighted = await settings.finder?.find(model, frames, prepared, window.startSeconds);
  const isAsked = settings.findTerms !== "none" && settings.findTerms !== "sounds";
  // Of use where terms are chosen: for the search, or for a prompt that cannot hold all of them.
  const isOfUse = sighted != null || (!prepared.fitPrompt && model.promptLimit > 0);
  const words = isAsked && isOfUse ? await quickPass(model, window, frames, language, settings.signal) : [];
  const heard = heardTerms(prepared.used, words, sighted?.sightings);
  const matches: readonly (FusedMatch | TermMatch)[] = sighted
    ? fuse(sighted.sightings, heard, sighted.fitsOf(words))
    : heard;
  const terms = sighted ? candidates(model, matches, sighted.unspellable, glossary) : prepared;
  const likely = likeliest(matches, settings.likelyTerms?.(window.startSeconds, window.endSeconds));
  const wanted = glossary.forPrompt(likely.kept.map(({ term }) => term));
  const prompt = buildPrompt(model.tokenizer, model.promptLimit, wanted, previousText);
  const chosen = { prompted: prompt.terms, pruned: likely, searched: sighted ? terms.used : null };
  const probabilityOf = sighted ? probabilitiesOf(matches, glossary) : null;
  const request = { ...settings, language, terms, probabilityOf, context: prompt.tokens };
  const { part: whole, rejected } = await searchWindow(model, window, frames, request);
  if (!whole) {
    const trustedText = settings.previousText ? previousText : "";
    return { ...chosen, segments: [], trustedText, warning: null, found: [], rejected, others: [] };
  }
  const parts = [whole];
  const allRejected = [...rejected];
  // Without word times nobody can tell what is missing, or where a text ended.
  const mostMore = settings.wordTimes ? mostParts : 0;
  for (let tried = 0, last = whole; tried < mostMore; tried++) {
    const skipped = skippedSpeech(last.window, last.words);
    if (!skipped) break;
    using skippedFrames = await model.encode(skipped.window.samples);
    const more = await searchWindow(model, skipped.window, skippedFrames, { ...request, context: [] });
    const [before, after] = splitPart(last, skipped);
    const isNew = more.part && isSure(more.part) && !repeatsEnd(before?.text ?? "", more.part.text);
    if (!more.part || !isNew || repeatsEnd(after.text, more.part.text)) break;
    allRejected.push(...more.rejected);
    parts.splice(-1, 1, ...(before ? [before] : []), more.part, after);
    last = after;
  }
  for (let tried = 0, last = parts.at(-1)!; tried < mostMore; tried++) {
    const rest = unheardSpeech(last.window, last.text, last.words.at(-1)!.end);
    if (!rest) break;
    using restFrames = await model.encode(rest.samples);
    const more = await searchWindow(model, rest, restFrames, { ...request, context: [] });
    // What follows a text that the model held to be complete must be beyond doubt.
    if (!more.part || more.part.suspicion !== null || repeatsEnd(last.text, more.part.text)) break;
    allRejected.push(...more.rejected);
    parts.push(more.part);
    last = more.part;
  }
  const { suspicion } = whole;
  const text = joinTexts(parts.map((part) => part.text.trim()));
  return {
    segments: parts.flatMap((part) => segmentsOf(part.text, part.words, settings.wordTimes)),
    trustedText: suspicion === null && settings.previousText ? textSoFar(previousText, text) : "",
    warning: suspicion === null ? null : doubt(suspicion, window),
    ...chosen,
    found: parts.flatMap((part) => part.found),
    rejected: allRejected,
    others: whole.others,
  };
}

/** What was skipped may be no speech after all; then the model is unsure of what it hears in it. */
const leastConfidence = 0.5;

function isSure({ suspicion, words }: RecognisedPart): boolean {
  const mean = words.reduce((sum, { confidence }) => sum + confidence, 0) / words.length;
  return suspicion === null && mean >= leastConfidence;
}

/** What stands before and after skipped speech; null where no word does. */
function splitPart(
  part: RecognisedPart,
  { beforeWord, window: { startSeconds, endSeconds } }: SkippedSpeech,
): [RecognisedPart | null, RecognisedPart] {
  const { text, words, found } = part;
  const cut = words[beforeWord - 1]?.to ?? 0;
  const before = {
    ...part,
    text: text.slice(0, cut),
    words: words.slice(0, beforeWord),
    found: found.filter(({ start }) => start < startSeconds),
  };
  const after = {
    ...part,
    window: partOf(part.window, endSeconds, part.window.endSeconds),
    text: text.slice(cut),
    // The first of them may have been stretched over what was skipped.
    words: words.slice(beforeWord).map((word) => ({
      ...word,
      start: Math.max(word.start, endSeconds),
      end: Math.max(word.end, endSeconds),
      from: word.from - cut,
      to: word.to - cut,
    })),
    found: found.filter(({ start }) => start >= startSeconds),
  };
  return [beforeWord === 0 ? null : before, after];
}

/** What an utterance that is going on sounds like so far. Leaves no trace in `state`. */
export async function guessWindow(
  model: SpeechModel,
  window: SpeechWindow,
  state: RecordingState,
  settings: Settings,
): Promise<Segment | null> {
  using frames = await model.encode(window.samples);
  settings.signal?.throwIfAborted();
  const language = state.vote.language ?? (await likeliestLanguage(model, frames));
  const { prepared: terms } = state.glossary;
  const request = { ...settings, ...fastest, language, terms };
  const { part } = await searchWindow(model, window, frames, request);
  if (!part || part.suspicion !== null) return null;
  const segments = segmentsOf(part.text, part.words, settings.wordTimes);
  return {
    start: segments[0]!.start,
    end: segments.at(-1)!.end,
    text: joinTexts(segments.map(({ text }) => text)),
    confidence: segments.reduce((sum, { confidence }) => sum + confidence, 0) / segments.length,
    words: segments.flatMap(({ words }) => words),
  };
}

async function likeliestLanguage(model: SpeechModel, frames: AudioFrames): Promise<string> {
  const probabilities = [...(await model.detectLanguage(frames))];
  return probabilities.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/** As much of the end of the text as a prompt could ever hold. */
function textSoFar(previousText: string, text: string): string {
  return joinTexts([previousText, text]).slice(-2000);
}

function doubt(suspicion: Suspicion, window: SpeechWindow): string {
  const where = `${window.startSeconds.toFixed(1)} s to ${window.endSeconds.toFixed(1)} s`;
  const what: Record<Suspicion, string> = {
    repetition: "the text repeats itself",
    echo: "the text only repeats what the model was told before",
    improbable: "the model is unsure of nearly every word",
    runaway: "the text is longer than the speech can hold and was cut",
  };
  return `From ${where} ${what[suspicion]}; listen to this part.`;
}
