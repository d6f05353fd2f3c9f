/** Marks the segment and the word that are being heard. */
export class NowMarker {
  readonly #list: HTMLElement;
  #row: HTMLElement | null = null;
  #word: HTMLElement | null = null;

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  /** @returns whether the segment is another one than before; −1 for none */
  show(segment: number, word: number): boolean {
    const row = this.#find(this.#list, this.#row, "segment", segment);
    const element = row && this.#find(row, this.#word, "word", word);
    const moved = row !== this.#row;
    if (moved) {
      this.#row?.removeAttribute("data-now");
      row?.setAttribute("data-now", "");
    }
    if (element !== this.#word) {
      this.#word?.removeAttribute("data-now");
      element?.setAttribute("data-now", "");
    }
    this.#row = row;
    this.#word = element;
    return moved && row !== null;
  }

  /** Searches only when it is not the one found before: this runs for every frame. */
  #find(
    within: HTMLElement,
    last: HTMLElement | null,
    kind: "segment" | "word",
    index: number,
  ): HTMLElement | null {
    if (index < 0) return null;
    if (last?.dataset[kind] === String(index) && within.contains(last)) return last;
    return within.querySelector<HTMLElement>(`[data-${kind}="${index}"]`);
  }

  /** Brings the segment into the middle when it has left the window or is about to. */
  reveal(): void {
    if (!this.#row) return;
    const { top, bottom } = this.#row.getBoundingClientRect();
    if (top > innerHeight * 0.15 && bottom < innerHeight * 0.75) return;
    const isQuiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#row.scrollIntoView({ block: "center", behavior: isQuiet ? "auto" : "smooth" });
  }
}
