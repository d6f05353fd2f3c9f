/**
 * What is known of a recording after some of its windows: all that recognition carries from one window to the next, and
 * therefore all that a checkpoint has to hold.
 */
import type { SpeechWindow } from "../audio/windows.ts";
import type { Term } from "../context/term.ts";
import type { Segment, TermReport, Word } from "../transcript/transcript.ts";
import type { FusedMatch } from "../retrieval/fuse.ts";
import type { Pruned } from "../retrieval/prune.ts";
import type { TermMatch } from "../retrieval/term-matcher.ts";
import { Glossary, type PreparedTerms } from "./glossary.ts";
import { LanguageVote } from "./language-vote.ts";
import type { Checkpoint, RecogniseOptions } from "./options.ts";
import type { FoundTerm } from "./search-window.ts";

/** What one window adds. */
export interface RecognisedWindow {
  readonly segments: readonly Segment[];
  /** The end of the text so far, as far as it can be trusted. */
  readonly trustedText: string;
  readonly warning: string | null;
  /** The terms that the model was shown. */
  readonly prompted: readonly Term[];
  /** Of a list that the prompt cannot hold, what was heard of its terms before the search. */
  readonly pruned: Pruned<FusedMatch | TermMatch>;
  /** The terms that took part in the search; null when all did. */
  readonly searched: readonly Term[] | null;
  /** The terms that stand in the text, and those that were taken back. */
  readonly found: readonly FoundTerm[];
  readonly rejected: readonly FoundTerm[];
  /** The words of what else the search came up with; empty when they are not wanted. */
  readonly others: readonly (readonly Word[])[];
}

export class RecordingState {
  readonly vote: LanguageVote;
  readonly segments: Segment[];
  readonly warnings: string[];
  /** The terms of the next window. */
  glossary: Glossary;
  /** Lists that were replaced by another. */
  readonly #replaced: Glossary[] = [];
  #previousText: string;
  #windows: number;
  #endSeconds: number;

  /**
   * @param resume where to go on; from the start when there is none
   * @param history what was said before the recording
   */
  constructor(
    language: string | undefined,
    terms: PreparedTerms,
    resume?: RecogniseOptions["resume"],
    history = "",
  ) {
    const checkpoint = resume?.checkpoint;
    this.vote = new LanguageVote(language, checkpoint?.vote);
    this.segments = [...(resume?.segments ?? [])];
    this.warnings = [...(checkpoint?.warnings ?? terms.warnings)];
    this.glossary = new Glossary(terms, checkpoint?.terms);
    this.#previousText = checkpoint?.previousText ?? history;
    this.#windows = checkpoint?.windows ?? 0;
    this.#endSeconds = checkpoint?.endSeconds ?? 0;
  }

  /** Text that the next window may be shown as context. */
  get previousText(): string {
    return this.#previousText;
  }

  /** How many windows are done. */
  get windows(): number {
    return this.#windows;
  }

  /** Where the last of them ends, in seconds. */
  get endSeconds(): number {
    return this.#endSeconds;
  }

  /** From the next window on, other terms count. */
  replaceTerms(terms: PreparedTerms): void {
    if (terms === this.glossary.prepared) return;
    this.#replaced.push(this.glossary);
    this.glossary = new Glossary(terms);
    this.warnings.push(...terms.warnings);
  }

  /** What became of every term of every list; a term of several lists is reported once. */
  report(): TermReport[] {
    const last = this.glossary.report();
    if (this.#replaced.length === 0) return last;
    const reports = new Map<string, TermReport>();
    for (const report of [...this.#replaced.flatMap((glossary) => glossary.report()), ...last]) {
      const earlier = reports.get(report.term);
      reports.set(report.term, earlier ? joined(earlier, report) : report);
    }
    return [...reports.values()];
  }

  add(window: SpeechWindow, result: RecognisedWindow): void {
    const { segments, trustedText, warning } = result;
    this.glossary.notePrompted(result.prompted);
    this.glossary.noteLikenesses(result.pruned);
    if (result.searched) this.glossary.noteSearched(result.searched);
    this.glossary.noteOccurrences(result.found);
    this.glossary.noteRejections(result.rejected);
    this.#windows++;
    this.#endSeconds = window.endSeconds;
    this.#previousText = trustedText;
    this.segments.push(...segments);
    if (warning !== null) this.warnings.push(warning);
  }

  checkpoint(): Checkpoint {
    return {
      windows: this.#windows,
      endSeconds: this.#endSeconds,
      previousText: this.#previousText,
      vote: this.vote.votes,
      terms: this.glossary.checkpoint(),
      warnings: [...this.warnings],
    };
  }
}

/** What became of a term in an earlier list and in a later one. */
function joined(earlier: TermReport, later: TermReport): TermReport {
  const rejections = [...(earlier.rejections ?? []), ...(later.rejections ?? [])];
  const scores = [earlier.score, later.score].filter((score) => score !== null);
  return {
    ...(later.occurrences.length > 0 || earlier.occurrences.length === 0 ? later : earlier),
    score: scores.length > 0 ? Math.max(...scores) : null,
    occurrences: [...earlier.occurrences, ...later.occurrences],
    ...(rejections.length > 0 && { rejections }),
  };
}
