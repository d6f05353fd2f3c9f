/** How well the times of words agree with a reference whose segments have times. */
import { normaliseForScoring } from "../text/normalise.ts";
import { alignTokens } from "./align.ts";
import type { SegmentTimes } from "./records.ts";

/** Absolute errors of the starts of one recording's segments, in seconds, and how many segments there are. */
export interface SegmentStartErrors {
  errorsSeconds: number[];
  segments: number;
}

/**
 * A segment is measured when its first token is recognised: its start is compared with the start of the word that the
 * token comes from.
 *
 * @param tokenStarts for every hypothesis token the start of its word in seconds, or null
 */
export function segmentStartErrors(
  segments: readonly { start: number; text: string }[],
  hypothesis: readonly string[],
  tokenStarts: readonly (number | null)[],
  language: string,
): SegmentStartErrors {
  const reference: string[] = [];
  const startOfToken = new Map<number, number>();
  for (const { start, text } of segments) {
    const tokens = normaliseForScoring(text, language);
    if (tokens.length > 0) startOfToken.set(reference.length, start);
    reference.push(...tokens);
  }
  const errorsSeconds: number[] = [];
  for (const { kind, referenceIndex, hypothesisIndex } of alignTokens(reference, hypothesis)) {
    const expected = startOfToken.get(referenceIndex);
    const heard = tokenStarts[hypothesisIndex] ?? null;
    if (kind === "match" && expected !== undefined && heard !== null) {
      errorsSeconds.push(Math.abs(heard - expected));
    }
  }
  return { errorsSeconds, segments: startOfToken.size };
}

/** @returns null when no segment could be measured */
export function summariseSegmentTimes(recordings: readonly SegmentStartErrors[]): SegmentTimes | null {
  const errors = recordings.flatMap(({ errorsSeconds }) => errorsSeconds).sort((a, b) => a - b);
  if (errors.length === 0) return null;
  const middle = (errors.length - 1) / 2;
  return {
    measured: errors.length,
    segments: recordings.reduce((sum, { segments }) => sum + segments, 0),
    medianAbsoluteErrorSeconds: (errors[Math.floor(middle)] + errors[Math.ceil(middle)]) / 2,
    meanAbsoluteErrorSeconds: errors.reduce((sum, error) => sum + error, 0) / errors.length,
  };
}
