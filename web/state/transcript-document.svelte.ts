/** The transcript that is read and corrected: its segments, the steps back and forth, and saving. */
import { deleteCorrection, readTranscript, saveCorrection } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Segment, Transcript } from "../api/types.ts";
import { applyEdit, inverseOf, type Edit } from "../transcript/edits.ts";
import { withOriginals } from "../transcript/originals.ts";
import { messageOf } from "./server.svelte.ts";

/** How long after the last change it is saved, in milliseconds. */
const saveDelay = 800;

export type SaveState = "saved" | "changed" | "saving" | "failed";

export class TranscriptDocument {
  readonly jobId: string;
  /** As recognised; null until it is there. */
  original = $state.raw<Transcript | null>(null);
  segments = $state.raw<readonly Segment[]>([]);
  saveState = $state<SaveState>("saved");
  /** Why saving failed. */
  problem = $state<string | null>(null);
  #past = $state.raw<readonly Edit[]>([]);
  #future = $state.raw<readonly Edit[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Saves go one after another, or an old one could win. */
  #saving: Promise<void> = Promise.resolve();
  readonly changedSegments = $derived.by(() => {
    const originals = new Set(this.original?.segments);
    return this.segments.filter((segment) => !originals.has(segment)).length;
  });

  constructor(jobId: string) {
    this.jobId = jobId;
  }

  /** Reads both versions. */
  async load(isCorrected: boolean): Promise<void> {
    const original = await readTranscript(this.jobId, "original");
    const current = isCorrected ? await readTranscript(this.jobId, "corrected") : original;
    this.segments = withOriginals(current.segments, original.segments);
    this.original = original;
  }

  get language(): string {
    return this.original?.language ?? "und";
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  get isChanged(): boolean {
    return this.changedSegments > 0 || this.segments.length !== (this.original?.segments.length ?? 0);
  }

  /** @returns whether anything changed */
  edit(edit: Edit | null): boolean {
    if (edit === null) return false;
    this.segments = applyEdit(this.segments, edit);
    this.#past = [...this.#past, edit];
    this.#future = [];
    this.#changed();
    return true;
  }

  /** @returns the place of what changed, to show it; null when there was nothing to take back */
  undo(): number | null {
    const edit = this.#past.at(-1);
    if (!edit) return null;
    this.segments = applyEdit(this.segments, inverseOf(edit));
    this.#past = this.#past.slice(0, -1);
    this.#future = [...this.#future, edit];
    this.#changed();
    return edit.at(-1)!.at;
  }

  /** @returns as `undo` */
  redo(): number | null {
    const edit = this.#future.at(-1);
    if (!edit) return null;
    this.segments = applyEdit(this.segments, edit);
    this.#future = this.#future.slice(0, -1);
    this.#past = [...this.#past, edit];
    this.#changed();
    return edit.at(-1)!.at;
  }

  /** Back to what was recognised, as a step that can be taken back. */
  revert(): void {
    if (!this.original) return;
    this.edit([{ at: 0, removed: this.segments, added: this.original.segments }]);
  }

  /** Saves now what has changed. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.saveState === "changed" || this.saveState === "failed") {
      this.#saving = this.#saving.then(() => this.#save());
    }
    return this.#saving;
  }

  #changed(): void {
    this.saveState = "changed";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), saveDelay);
  }

  /** Takes back what was saved; where nothing was, there is nothing to do. */
  async #forget(): Promise<void> {
    try {
      await deleteCorrection(this.jobId);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error;
    }
  }

  async #save(): Promise<void> {
    const saved = this.segments;
    this.saveState = "saving";
    try {
      if (this.isChanged) await saveCorrection(this.jobId, saved);
      else await this.#forget();
      this.saveState = this.segments === saved ? "saved" : "changed";
      this.problem = null;
    } catch (error) {
      this.saveState = "failed";
      this.problem = messageOf(error);
    }
  }
}
