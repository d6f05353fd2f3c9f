/**
 * What is known of a recording after some of its windows: all that recognition carries from one window to the next, and
 * therefore all that a checkpoint has to hold.
 */
import type { SpeechWindow } from "../audio/windows.ts";
import type { Segment, TermReport } from "../transcript/transcript.ts";
import { Glossary, type PreparedTerms } from "./glossary.ts";
import { LanguageVote } from "./language-vote.ts";
import type { Checkpoint, RecogniseOptions } from "./options.ts";

/** What one window adds. */
export interface RecognisedWindow {
  readonly segments: readonly Segment[];
  /** The end of the text so far, as far as it can be trusted. */
  readonly trustedText: string;
  readonly warning: string | null;
}

export class RecordingState {
  readonly vote: LanguageVote;
  readonly segments: Segment[];
  readonly warnings: string[];
  #prepare: (language: string) => PreparedTerms;
  #glossary: { readonly language: string; readonly glossary: Glossary } | null = null;
  /** Lists that were replaced by another. */
  readonly #replaced: Glossary[] = [];
  #previousText: string;
  #windows: number;
  #endSeconds: number;

  /**
   * @param prepare makes the terms ready for a language
   * @param resume where to go on; from the start when there is none
   * @param history what was said before the recording
   */
  constructor(
    language: string | undefined,
    prepare: (language: string) => PreparedTerms,
    resume?: RecogniseOptions["resume"],
    history = "",
  ) {
    const checkpoint = resume?.checkpoint;
    this.#prepare = prepare;
    this.vote = new LanguageVote(language, checkpoint?.vote);
    this.segments = [...(resume?.segments ?? [])];
    this.warnings = [...(checkpoint?.warnings ?? [])];
    this.#previousText = checkpoint?.previousText ?? history;
    this.#windows = checkpoint?.windows ?? 0;
    this.#endSeconds = checkpoint?.endSeconds ?? 0;
    if (checkpoint?.terms) {
      const { terms } = checkpoint;
      const glossary = new Glossary(prepare(terms.language), terms);
      this.#glossary = { language: terms.language, glossary };
    }
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

  /** The terms, prepared for the language in which they are first asked for. */
  glossary(language: string): Glossary {
    if (!this.#glossary) {
      const glossary = new Glossary(this.#prepare(language));
      this.#glossary = { language, glossary };
      this.warnings.push(...glossary.prepared.warnings);
    }
    return this.#glossary.glossary;
  }

  /** From the next window on, other terms count. */
  replaceTerms(prepare: (language: string) => PreparedTerms): void {
    if (this.#glossary) this.#replaced.push(this.#glossary.glossary);
    this.#glossary = null;
    this.#prepare = prepare;
  }

  /**
   * What became of every term of every list; a term of several lists is reported once.
   * @param language for terms that were never needed
   */
  report(language: string): TermReport[] {
    const reports = new Map<string, TermReport>();
    const add = (report: TermReport) => {
      const earlier = reports.get(report.term);
      if (!earlier || earlier.occurrences.length === 0) reports.set(report.term, report);
      else if (report.occurrences.length > 0) {
        reports.set(report.term, {
          ...report,
          score: Math.max(earlier.score ?? 0, report.score ?? 0),
          occurrences: [...earlier.occurrences, ...report.occurrences],
        });
      }
    };
    const last = this.glossary(language).report();
    if (this.#replaced.length === 0) return last;
    for (const glossary of this.#replaced) glossary.report().forEach(add);
    last.forEach(add);
    return [...reports.values()];
  }

  add(window: SpeechWindow, { segments, trustedText, warning }: RecognisedWindow): void {
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
      terms: this.#glossary && {
        language: this.#glossary.language,
        ...this.#glossary.glossary.checkpoint(),
      },
      warnings: [...this.warnings],
    };
  }
}
