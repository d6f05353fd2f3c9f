/**
 * All that the command line writes: results to stdout; progress, warnings and errors to stderr, so that they do not
 * run into each other on a terminal and nothing but the result reaches a pipe.
 */
import { inspect } from "node:util";
import { GlossaError } from "../errors.ts";
import type { RecognitionProgress } from "../recognise/options.ts";
import type { TrainingProgress } from "../train/training-options.ts";
import type { DownloadProgress } from "../weights/model-files.ts";
import type { Environment, OutputStream } from "./environment.ts";
import { ProgressLine } from "./progress-line.ts";
import { formatBytes, formatClock } from "./quantities.ts";

export interface ScreenOptions {
  /** No progress, no notes. Warnings and errors remain. */
  quiet?: boolean;
  /** Notes without a terminal too, and the stack of errors. */
  verbose?: boolean;
}

export class Screen {
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #options: ScreenOptions;
  readonly #progress: ProgressLine;
  readonly #announced = new Set<string>();

  constructor({ stdout, stderr }: Pick<Environment, "stdout" | "stderr">, options: ScreenOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#options = options;
    this.#progress = new ProgressLine(stderr);
  }

  /** Part of the result. */
  async print(text: string): Promise<void> {
    if (text === "") return;
    try {
      await this.#progress.stepAside(() => write(this.#stdout, text));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new GlossaError("write-failed", `cannot write to standard output: ${why}`, { cause });
    }
  }

  async warn(message: string): Promise<void> {
    await this.#line(`warning: ${message}`);
  }

  /** @param subject the input that it is about, if it is about one */
  async error(subject: string | null, error: unknown): Promise<void> {
    const prefix = subject === null ? "error: " : `error: ${subject}: `;
    if (typeof error === "string") await this.#line(prefix + error);
    else if (error instanceof GlossaError) {
      // Messages of the library name the file where they know it.
      const isNamed = subject !== null && error.message.startsWith(subject);
      await this.#line(`${isNamed ? "error: " : prefix}${error.message}`);
    } else {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      const hint = this.#options.verbose ? "" : " (run again with --verbose for details)";
      await this.#line(`${prefix}unexpected: ${message}${hint}`);
    }
    if (this.#options.verbose && error instanceof Error) await this.#line(inspect(error));
  }

  /** Something that a person who watches wants to know. */
  async note(message: string): Promise<void> {
    const watched = this.#stderr.isTTY === true && !this.#options.quiet;
    if (watched || this.#options.verbose) await this.#line(message);
  }

  showDownload({ file, receivedBytes, totalBytes }: DownloadProgress): void {
    if (this.#options.quiet) return;
    if (this.#stderr.isTTY !== true) {
      // Without a bar, one line a file: a download of minutes in silence looks like a hang.
      if (this.#announced.has(file)) return;
      this.#announced.add(file);
      this.#stderr.write(
        `downloading ${file}${totalBytes === null ? "" : ` (${formatBytes(totalBytes)})`}\n`,
      );
      return;
    }
    const total = totalBytes === null ? "" : ` of ${formatBytes(totalBytes)}`;
    this.#progress.show({
      label: `downloading ${file}`,
      fraction: totalBytes === null || totalBytes === 0 ? null : receivedBytes / totalBytes,
      detail: `${formatBytes(receivedBytes)}${total}`,
    });
  }

  /** @param elapsedSeconds how long recognition has been running */
  showRecognition(name: string, progress: RecognitionProgress, elapsedSeconds: number): void {
    if (this.#options.quiet) return;
    const { processedSeconds, totalSeconds } = progress;
    const speed = elapsedSeconds > 0 ? processedSeconds / elapsedSeconds : 0;
    const details = [
      formatClock(processedSeconds) + (totalSeconds === null ? "" : ` of ${formatClock(totalSeconds)}`),
    ];
    if (speed > 0) {
      details.push(`${speed.toFixed(1)}× real time`);
      if (totalSeconds !== null) {
        details.push(`${formatClock(Math.max(0, totalSeconds - processedSeconds) / speed)} left`);
      }
    }
    this.#progress.show({
      label: name,
      fraction: totalSeconds === null || totalSeconds === 0 ? null : processedSeconds / totalSeconds,
      detail: details.join(", "),
    });
  }

  showTraining({ step, steps, loss, elapsedSeconds, secondsLeft }: TrainingProgress): void {
    if (this.#options.quiet) return;
    const left = secondsLeft === null ? formatClock(elapsedSeconds) : `${formatClock(secondsLeft)} left`;
    this.#progress.show({
      label: `step ${step} of ${steps}`,
      fraction: step / steps,
      detail: `loss ${Number(loss.toPrecision(4))}, ${left}`,
    });
  }

  /** Work before something begins, such as computing frames. @param fraction done, from 0 to 1, where it is known */
  showPreparation(what: string, fraction: number | null, detail = ""): void {
    if (this.#options.quiet) return;
    this.#progress.show({ label: what, fraction, detail });
  }

  /** A line about long work as it goes on, terminal or not: hours of silence look like a hang. */
  async report(message: string): Promise<void> {
    if (!this.#options.quiet) await this.#line(message);
  }

  /** Takes the progress bar away. */
  hideProgress(): void {
    this.#progress.hide();
  }

  async #line(text: string): Promise<void> {
    await this.#progress.stepAside(() => write(this.#stderr, `${text}\n`));
  }
}

/** Writes and waits until it is handed on, so that nothing is lost when the process ends. */
async function write(stream: OutputStream, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
