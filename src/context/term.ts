/** A term of the user's glossary. */
export interface Term {
  /** The spelling that must come out, e.g. `CUDA_VISIBLE_DEVICES`. */
  readonly text: string;
  /** How it may be said when that differs from the spelling, e.g. `cuda visible devices`. */
  readonly spokenForms: readonly string[];
  /** Strength relative to the other terms; 1 is normal, 0 switches the term off. */
  readonly weight: number;
  /** Where it came from, for messages: `terms.txt:12`, `--term`. */
  readonly source?: string;
}
