/** What the reader says about the recordings before they are recognised: language, model, terms, glossaries, documents. */
import { listGlossaries } from "../api/client.ts";
import type { Glossary, JobOptions, Term } from "../api/types.ts";
import { readStored, writeStored } from "./stored.ts";
import { termsOf } from "./term-lines.ts";

export interface ContextDocument {
  name: string;
  /** Null while the server reads it. */
  terms: Term[] | null;
  warnings: string[];
  problem: string | null;
}

interface Kept {
  model: string;
  language: string;
  lines: string;
  glossaries: string[];
}

const nothing: Kept = { model: "", language: "", lines: "", glossaries: [] };

class Context {
  /** Empty: the server's own. */
  model = $state("");
  /** Empty: detected. */
  language = $state("");
  /** Terms as typed, one a line. */
  lines = $state("");
  /** Identifiers of chosen glossaries. */
  glossaries = $state<string[]>([]);
  documents = $state<ContextDocument[]>([]);
  known = $state.raw<Glossary[]>([]);
  /** All terms that are not in a glossary, each once. */
  readonly terms = $derived.by(() => {
    const byText = new Map<string, Term>();
    const read = this.documents.flatMap((document) => document.terms ?? []);
    for (const term of [...termsOf(this.lines), ...read]) {
      if (!byText.has(term.text)) byText.set(term.text, term);
    }
    return [...byText.values()];
  });

  constructor() {
    const kept = { ...nothing, ...readStored<Partial<Kept>>("context", {}) };
    Object.assign(this, kept);
  }

  keep(): void {
    const { model, language, lines, glossaries } = this;
    writeStored("context", { model, language, lines, glossaries });
  }

  /** One more term, for the recordings to come. */
  remember(term: string): void {
    if (!this.terms.some(({ text }) => text === term)) {
      this.lines = this.lines.trim() === "" ? term : `${this.lines.trimEnd()}\n${term}`;
    }
    this.keep();
  }

  async loadGlossaries(): Promise<void> {
    this.known = await listGlossaries();
    const ids = new Set(this.known.map(({ id }) => id));
    this.glossaries = this.glossaries.filter((id) => ids.has(id));
  }

  get termCount(): number {
    const chosen = new Set(this.glossaries);
    const inGlossaries = this.known
      .filter(({ id }) => chosen.has(id))
      .reduce((sum, { termCount }) => sum + termCount, 0);
    return this.terms.length + inGlossaries;
  }

  get isReading(): boolean {
    return this.documents.some(({ terms, problem }) => terms === null && problem === null);
  }

  options(): JobOptions {
    return {
      ...(this.model && { model: this.model }),
      ...(this.language && { language: this.language }),
      terms: this.terms.map(({ text, spokenForms, weight }) => ({ text, spokenForms, weight })),
      glossaries: [...this.glossaries],
    };
  }
}

export const context = new Context();
