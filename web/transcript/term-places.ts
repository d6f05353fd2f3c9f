/** The evidence for a term: where it stands, and how sure the recogniser was there. */
import type { Segment, TermReport, TermStatus } from "../../src/transcript/transcript.ts";
import { indexAt } from "./positions.ts";

export interface TermPlace {
  start: number;
  end: number;
  text: string;
  /** That of its least sure word. */
  confidence: number;
}

/** The places of a term with their confidences, from the transcript as it was recognised. */
export function termPlaces(report: TermReport, segments: readonly Segment[]): TermPlace[] {
  return report.occurrences.map(({ start, end, text }) => {
    const words = segments
      .slice(Math.max(0, indexAt(segments, start) - 1), indexAt(segments, end) + 1)
      .flatMap((segment) => segment.words)
      .filter(
        (word) => (word.start + word.end) / 2 >= start - 0.02 && (word.start + word.end) / 2 <= end + 0.02,
      );
    const confidence = words.reduce((least, word) => Math.min(least, word.confidence), 1);
    return { start, end, text, confidence: words.length > 0 ? confidence : (report.score ?? 0) };
  });
}

/** Those that matter first: what was written, then what was tried, then what was left out. */
export const statusOrder: readonly TermStatus[] = ["written", "prompted", "boosted", "dropped"];

export function sortedReports(reports: readonly TermReport[], locale: string): TermReport[] {
  const collator = new Intl.Collator(locale, { sensitivity: "base", numeric: true });
  return reports.toSorted(
    (first, second) =>
      statusOrder.indexOf(first.status) - statusOrder.indexOf(second.status) ||
      collator.compare(first.term, second.term),
  );
}
