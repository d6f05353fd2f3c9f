/**
 * Shares one engine between tasks, window by window: a short recording does not wait behind a long one, and whoever waits
 * for an answer goes first.
 */

/** Of so many turns in a row, one is for a task that nobody waits for. */
const urgentInARow = 3;

export class Turns {
  readonly #urgent: (() => void)[] = [];
  readonly #patient: (() => void)[] = [];
  #taken = false;
  #urgentSoFar = 0;

  /** Waits for a turn. Tasks of a kind take turns in the order in which they ask. */
  async take(isUrgent: boolean): Promise<void> {
    if (!this.#taken) {
      this.#taken = true;
      return;
    }
    await new Promise<void>((resolve) => (isUrgent ? this.#urgent : this.#patient).push(resolve));
  }

  /** Ends the turn. */
  give(): void {
    const yields = this.#urgentSoFar >= urgentInARow && this.#patient.length > 0;
    const next = yields ? this.#patient.shift() : (this.#urgent.shift() ?? this.#patient.shift());
    if (!next) {
      this.#taken = false;
      this.#urgentSoFar = 0;
      return;
    }
    // Counts urgent turns only while somebody patient waits.
    this.#urgentSoFar = yields || this.#patient.length === 0 ? 0 : this.#urgentSoFar + 1;
    next();
  }
}
