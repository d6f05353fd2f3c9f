/** Tells elements when they come near the visible part of the page: what is far away need not be drawn in full. */

const margin = "900px 0px";

export class NearView {
  readonly #listeners = new WeakMap<Element, (isNear: boolean) => void>();
  readonly #observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) this.#listeners.get(entry.target)?.(entry.isIntersecting);
    },
    { rootMargin: margin },
  );

  /** @returns what stops watching */
  watch(element: Element, listener: (isNear: boolean) => void): () => void {
    this.#listeners.set(element, listener);
    this.#observer.observe(element);
    return () => this.#observer.unobserve(element);
  }

  close(): void {
    this.#observer.disconnect();
  }
}
