/** Links that play a stretch of a recording, and where in the recording a term stands. */
import type { TermOccurrenceScore, UtteranceScore } from "../eval/records.ts";
import type { Clips } from "./clips.ts";
import { type Markup, markup } from "./markup.ts";
import { position } from "./numbers.ts";

/** A stretch of an utterance in seconds. */
export interface Spot {
  start: number;
  end: number;
}

/** Seconds of sound before and after a term, so that it is heard in its place. */
const paddingSeconds = 0.4;

export class Playback {
  readonly #clips: Clips;
  /** Ids of the elements that hold recordings inside the page. */
  readonly #elements = new Map<string, string>();

  constructor(clips: Clips) {
    this.#clips = clips;
  }

  /** A link that plays a stretch, or the whole recording; nothing where there is no recording. */
  link(
    { record }: UtteranceScore,
    { spot, speed = 1, label }: { spot?: Spot | null; speed?: number; label: string },
  ): Markup | null {
    const url = this.#clips.get(record.audio);
    if (url === undefined) return null;
    const attributes: Markup[] = [];
    let fragment = "";
    if (spot) {
      // A run at another speed measured its times in the changed recording.
      const start = (Math.max(0, spot.start - paddingSeconds) * speed).toFixed(2);
      const end = ((spot.end + paddingSeconds) * speed).toFixed(2);
      attributes.push(markup` data-start="${start}" data-end="${end}"`);
      fragment = `#t=${start},${end}`;
    }
    const href = url.startsWith("data:") ? `#${this.#element(record.audio)}` : `${url}${fragment}`;
    const text = spot ? position(spot.start) : "play";
    return markup`<a class="play" href="${href}"${attributes} aria-label="Play ${label}${spot && ` at ${text}`}">${text}</a>`;
  }

  /** The recordings that links so far have asked for and that stand inside the page. */
  embedded(): Markup[] {
    return [...this.#elements].map(
      ([path, id]) =>
        markup`<audio id="${id}" preload="none" hidden src="${this.#clips.get(path)!}"></audio>`,
    );
  }

  #element(path: string): string {
    const id = this.#elements.get(path) ?? `clip-${this.#elements.size + 1}`;
    this.#elements.set(path, id);
    return id;
  }
}

/**
 * Where an occurrence of a term stands in the recording: the times of its words; where they were not heard, the gap
 * between the words around it. Null where no word of the utterance has a time.
 */
export function spotOf(
  { steps, hypothesisWords, record }: UtteranceScore,
  side: "reference" | "hypothesis",
  { startToken, endToken }: Pick<TermOccurrenceScore, "startToken" | "endToken">,
): Spot | null {
  if (hypothesisWords.every((word) => word === null)) return null;
  let from = startToken;
  let to = endToken;
  if (side === "reference") {
    const inside = steps.filter(
      ({ kind, referenceIndex }) =>
        kind !== "insertion" && referenceIndex >= startToken && referenceIndex < endToken,
    );
    // The index of a deletion is that of the hypothesis token after it.
    from = inside[0].hypothesisIndex;
    const last = inside[inside.length - 1];
    to = last.hypothesisIndex + (last.kind === "deletion" ? 0 : 1);
  }
  const words = hypothesisWords.slice(from, to).filter((word) => word !== null);
  const before = hypothesisWords.slice(0, from).findLast((word) => word !== null);
  const after = hypothesisWords.slice(to).find((word) => word !== null);
  const start = words[0]?.start ?? before?.end ?? 0;
  const end = words.at(-1)?.end ?? after?.start ?? record.durationSeconds;
  return { start, end: Math.max(start, end) };
}
