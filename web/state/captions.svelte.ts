/** The captions of a live session: lines that stand, and what may still change. */
import { joinTexts, needsSpaceBetween } from "../../src/transcript/text-flow.ts";
import type { LiveMessage } from "../api/types.ts";

interface Line {
  readonly key: number;
  readonly start: number;
  text: string;
}

type Results = Extract<LiveMessage, { type: "Results" }>;

export class Captions {
  lines = $state<Line[]>([]);
  interim = $state("");
  /** Whether the last line goes on with the next final result. */
  #isOpen = false;
  #nextKey = 0;

  clear(): void {
    this.lines = [];
    this.interim = "";
    this.#isOpen = false;
  }

  take({ start, is_final: isFinal, speech_final: isSpeechFinal, channel }: Results): void {
    const said = channel.alternatives[0]?.transcript.trim() ?? "";
    if (!isFinal) {
      this.interim = said;
      return;
    }
    this.interim = "";
    if (said !== "") {
      const last = this.lines.at(-1);
      if (this.#isOpen && last) last.text += needsSpaceBetween(last.text, said) ? ` ${said}` : said;
      else this.lines.push({ key: this.#nextKey++, start, text: said });
      this.#isOpen = true;
    }
    if (isSpeechFinal) this.#isOpen = false;
  }

  /** When no more comes, what might have changed stands. */
  settle(): void {
    if (this.interim === "") return;
    const last = this.lines.at(-1);
    if (this.#isOpen && last) last.text = joinTexts([last.text, this.interim]);
    else this.lines.push({ key: this.#nextKey++, start: last?.start ?? 0, text: this.interim });
    this.interim = "";
  }
}
