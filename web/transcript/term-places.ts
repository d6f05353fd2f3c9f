/** The evidence for a term: where it stands, and how sure the recogniser was there. */
import type { Segment, TermReport, TermStatus } from "../../src/transcript/transcript.ts";
import { indexAt } from "./positions.ts";

/** Seconds; times are rounded in JSON. */
const tolerance = 0.02;

export interface TermPlace {
  start: number;
  end: number;
  /** How probable the term is there to the model that knows no context: what was really heard. */
  posterior: number;
  /** Confidence of its least sure word; null where the term was taken back. */
  confidence: number | null;
}

/** The places of a term in order of time, those where it was taken back too, from the transcript as recognised. */
export function termPlaces(report: TermReport, segments: readonly Segment[]): TermPlace[] {
  const written = report.occurrences.map(({ start, end, posterior }) => ({
    start,
    end,
    posterior,
    confidence: confidenceBetween(segments, start, end) ?? report.score ?? 0,
  }));
  const takenBack = (report.rejections ?? []).map((rejection) => ({ ...rejection, confidence: null }));
  return [...written, ...takenBack].sort((first, second) => first.start - second.start);
}

/** That of the least sure word whose middle lies in the stretch; null when there is none. */
function confidenceBetween(segments: readonly Segment[], start: number, end: number): number | null {
  const confidences = segments
    .slice(Math.max(0, indexAt(segments, start) - 1), indexAt(segments, end) + 1)
    .flatMap((segment) => segment.words)
    .filter((word) => {
      const middle = (word.start + word.end) / 2;
      return middle >= start - tolerance && middle <= end + tolerance;
    })
    .map((word) => word.confidence);
  return confidences.length === 0 ? null : Math.min(...confidences);
}

/** Those that matter first: what was written, then what was tried, then what was left out. */
export const statusOrder: readonly TermStatus[] = ["written", "rejected", "prompted", "boosted", "dropped"];

export function sortedReports(reports: readonly TermReport[], locale: string): TermReport[] {
  const collator = new Intl.Collator(locale, { sensitivity: "base", numeric: true });
  return reports.toSorted(
    (first, second) =>
      statusOrder.indexOf(first.status) - statusOrder.indexOf(second.status) ||
      collator.compare(first.term, second.term),
  );
}
