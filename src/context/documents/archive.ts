/**
 * Zip archives (DOCX, PPTX, EPUB) within bounds: every entry is unpacked as a stream and counted, so that neither a false
 * size in the directory nor a bomb gets past the limit.
 */
import { fromBuffer, type Entry, type ZipFile } from "yauzl";
import type { DocumentBuilder } from "./document.ts";

/** Entries that any honest document stays below. */
const mostEntries = 20_000;

export class Archive {
  readonly #builder: DocumentBuilder;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  #unpackedBytes = 0;

  private constructor(builder: DocumentBuilder, zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#builder = builder;
    this.#zip = zip;
    this.#entries = entries;
  }

  /** @throws GlossaError `unsupported-document` for broken and encrypted archives, and those with too many entries */
  static async open(bytes: Buffer, builder: DocumentBuilder): Promise<Archive> {
    let zip: ZipFile;
    const entries = new Map<string, Entry>();
    try {
      zip = await new Promise<ZipFile>((resolve, reject) => {
        fromBuffer(bytes, { lazyEntries: true, validateEntrySizes: true }, (error, opened) =>
          error ? reject(error) : resolve(opened),
        );
      });
      await new Promise<void>((resolve, reject) => {
        zip.on("error", reject);
        zip.on("end", resolve);
        zip.on("entry", (entry: Entry) => {
          if (entries.size >= mostEntries) reject(new Error(`it holds more than ${mostEntries} files`));
          else {
            entries.set(entry.fileName, entry);
            zip.readEntry();
          }
        });
        zip.readEntry();
      });
    } catch (cause) {
      throw builder.refuseBroken((cause as Error).message, cause);
    }
    if ([...entries.values()].some((entry) => entry.isEncrypted())) {
      throw builder.refuse("encrypted; remove the password and try again");
    }
    return new Archive(builder, zip, entries);
  }

  get names(): Iterable<string> {
    return this.#entries.keys();
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * The content of an entry; null when there is none of that name.
   * @throws GlossaError `unsupported-document` when it is broken or the archive unpacks to more than the limit
   */
  async read(name: string): Promise<Buffer | null> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    const { signal, limits } = this.#builder;
    const chunks: Buffer[] = [];
    try {
      const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
        this.#zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)));
      });
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        signal?.throwIfAborted();
        this.#unpackedBytes += chunk.length;
        if (this.#unpackedBytes > limits.unpackedBytes) {
          throw new Error(`it unpacks to more than ${Math.round(limits.unpackedBytes / 2 ** 20)} MiB`);
        }
        chunks.push(chunk);
      }
    } catch (cause) {
      signal?.throwIfAborted();
      throw this.#builder.refuseBroken(`${name}: ${(cause as Error).message}`, cause);
    }
    return Buffer.concat(chunks);
  }

  /** The same as text in UTF-8. */
  async readText(name: string): Promise<string | null> {
    const bytes = await this.read(name);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  /** Unpacks and counts everything without keeping it: for libraries that open the archive once more by themselves. */
  async checkAll(): Promise<void> {
    for (const name of this.#entries.keys()) if (!name.endsWith("/")) await this.read(name);
  }
}

/** A path inside an archive, relative to the file that names it: `../slides/slide1.xml` seen from `ppt/x/y.rels`. */
export function resolveEntry(from: string, target: string): string {
  const resolved = new URL(target, `file:///${from.split("/").map(encodeURIComponent).join("/")}`);
  return decodeURIComponent(resolved.pathname.slice(1));
}
