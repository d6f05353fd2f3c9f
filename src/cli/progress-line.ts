/**
 * The progress bar: one line at the bottom of a terminal. Where there is no terminal it shows nothing.
 */
import cliProgress, { type Options, type Params } from "cli-progress";
import { displayWidth } from "../text/scripts.ts";
import type { OutputStream } from "./environment.ts";

interface Progress {
  label: string;
  /** What is done, from 0 to 1; null when the end is not known. */
  fraction: number | null;
  detail: string;
}

const longestLabelColumns = 32;

export class ProgressLine {
  readonly #bar: cliProgress.SingleBar;
  readonly #isTerminal: boolean;
  #shown: Progress | null = null;

  constructor(stream: OutputStream) {
    this.#isTerminal = stream.isTTY === true;
    const options: Options = {
      stream,
      format: formatLine,
      clearOnComplete: true,
      // Interrupting is handled by the command; nothing about the terminal needs to be put back.
      gracefulExit: false,
      linewrap: true,
    };
    this.#bar = new cliProgress.SingleBar(options, cliProgress.Presets.shades_classic);
  }

  show(progress: Progress): void {
    if (!this.#isTerminal) return;
    if (this.#shown === null) this.#bar.start(1, progress.fraction ?? 0, progress);
    else this.#bar.update(progress.fraction ?? 0, progress);
    this.#shown = progress;
  }

  hide(): void {
    if (this.#shown !== null) this.#bar.stop();
    this.#shown = null;
  }

  /** Runs `write` with the line out of the way, and shows it again below. */
  async stepAside(write: () => Promise<void>): Promise<void> {
    const shown = this.#shown;
    this.hide();
    try {
      await write();
    } finally {
      if (shown !== null) this.show(shown);
    }
  }
}

function formatLine(options: Options, params: Params, payload: Progress): string {
  const label = shorten(payload.label, longestLabelColumns);
  if (payload.fraction === null) return `${label}  ${payload.detail}`;
  const percentage = `${Math.floor(params.progress * 100)}%`.padStart(4);
  const room = (params.maxWidth ?? 80) - displayWidth(label) - displayWidth(payload.detail) - 10;
  const bar = cliProgress.Format.BarFormat(params.progress, {
    ...options,
    barsize: Math.max(5, Math.min(30, room)),
  });
  return `${label}  ${bar} ${percentage}  ${payload.detail}`;
}

/** Keeps the end, which tells files apart more often than the beginning. */
function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const characters = Array.from(text);
  while (displayWidth(characters.join("")) >= columns) characters.shift();
  return `…${characters.join("")}`;
}
