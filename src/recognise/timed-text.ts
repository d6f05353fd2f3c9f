/**
 * Text that knows when each of its characters was spoken and how sure the model was of it: what words, terms and
 * segments are cut from.
 */
import type { Tokenizer } from "../text/tokenizer.ts";

/** All arrays have one entry for every UTF-16 unit of `text`. */
export interface TimedText {
  readonly text: string;
  /** Seconds from the start of the recording; never decreasing. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Natural logarithm of the probability of the token that the character belongs to. */
  readonly logProbability: Float64Array;
  /** Index of that token; of the last one when the character is spread over several. */
  readonly token: Int32Array;
}

/** A token of the text with its time and probability. */
export interface TimedToken {
  readonly token: number;
  readonly start: number;
  readonly end: number;
  readonly logProbability: number;
}

/** Puts tokens together. A character that is spread over several tokens lasts from the first to the last of them. */
export function timedTextOf(tokens: readonly TimedToken[], tokenizer: Tokenizer): TimedText {
  const decoder = new TextDecoder();
  let text = "";
  const start: number[] = [];
  const end: number[] = [];
  const logProbability: number[] = [];
  const tokenOf: number[] = [];
  /** Of the token in which a character began that is not complete yet. */
  let pendingStart: number | null = null;
  let pendingLogProbability = 0;
  const append = (characters: string, from: number, to: number, probability: number, index: number) => {
    text += characters;
    for (let i = 0; i < characters.length; i++) {
      start.push(from);
      end.push(to);
      logProbability.push(probability);
      tokenOf.push(index);
    }
  };
  for (const [index, token] of tokens.entries()) {
    const characters = decoder.decode(tokenizer.tokenBytes(token.token), { stream: true });
    const from: number = pendingStart ?? token.start;
    const probability = Math.min(pendingLogProbability, token.logProbability);
    if (characters === "") {
      pendingStart = from;
      pendingLogProbability = probability;
      continue;
    }
    append(characters, from, token.end, probability, index);
    pendingStart = null;
    pendingLogProbability = 0;
  }
  const rest = decoder.decode();
  if (rest !== "")
    append(
      rest,
      pendingStart ?? end.at(-1) ?? 0,
      tokens.at(-1)?.end ?? 0,
      pendingLogProbability,
      tokens.length - 1,
    );
  return {
    text,
    start: Float64Array.from(start),
    end: Float64Array.from(end),
    logProbability: Float64Array.from(logProbability),
    token: Int32Array.from(tokenOf),
  };
}

/** Replaces characters `from` to `to`; the new text takes the time of the old, evenly, and its lowest probability. */
export function replaceText(timed: TimedText, from: number, to: number, replacement: string): TimedText {
  const length = replacement.length;
  const begin = timed.start[from]!;
  const finish = timed.end[to - 1]!;
  const probability = Math.min(...timed.logProbability.subarray(from, to));
  const at = (share: number) => begin + ((finish - begin) * share) / length;
  const tokenAt = (i: number) => timed.token[from + Math.floor((i * (to - from)) / length)]!;
  const splice = (values: Float64Array | Int32Array, middle: (i: number) => number) => [
    ...values.subarray(0, from),
    ...Array.from({ length }, (_, i) => middle(i)),
    ...values.subarray(to),
  ];
  return {
    text: timed.text.slice(0, from) + replacement + timed.text.slice(to),
    start: Float64Array.from(splice(timed.start, at)),
    end: Float64Array.from(splice(timed.end, (i) => at(i + 1))),
    logProbability: Float64Array.from(splice(timed.logProbability, () => probability)),
    token: Int32Array.from(splice(timed.token, tokenAt)),
  };
}
