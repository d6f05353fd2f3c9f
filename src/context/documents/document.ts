/**
 * What every reader of documents makes: stretches of text that know where they stand, and a clear word on what was not
 * read. Readers write into a `DocumentBuilder`, which keeps them within bounds.
 */
import { GlossaError } from "../../errors.ts";

/** Where a stretch of text stands. */
export interface Place {
  readonly unit: "page" | "slide" | "chapter" | "cell" | "paragraph" | "line" | "second";
  /** From 1; for `second`, seconds from the start of the recording. */
  readonly number: number;
}

/** A stretch of text: a paragraph, a heading, a line of code. */
export interface DocumentPart {
  /** Plain text, lines separated by `\n`. */
  readonly text: string;
  /** Titles weigh more; in code only names are looked at; a name is a whole term, such as an author. */
  readonly role: "title" | "text" | "code" | "name";
  readonly place: Place;
  /** What the author set apart by bold, italics or a code font. */
  readonly marked: readonly string[];
  /** Read from a picture: some of it may be noise. */
  readonly isPicture: boolean;
  /** Whether a new page begins with it, where places do not say so: a slide written as Markdown. */
  readonly beginsPage: boolean;
}

/** A document as text with places, as `readContext` gives it. */
export interface ContextDocument {
  /** The name for messages and for `Term.source`: the path as it was given. */
  readonly file: string;
  /** What it was read as, such as `PDF`. */
  readonly format: string;
  readonly parts: readonly DocumentPart[];
  /** Pages, slides or chapters read; for text without pages, one for every 1,800 characters. */
  readonly pages: number;
  /** What was not read and why, one sentence each. */
  readonly warnings: readonly string[];
}

/** Bounds for one document. What lies beyond them is left out with a warning. */
export interface ReadLimits {
  /** Largest file. Default 512 MiB. */
  readonly fileBytes: number;
  /** Most bytes that an archive (DOCX, PPTX, EPUB) may unpack to. Default 256 MiB. */
  readonly unpackedBytes: number;
  /** Most characters of text. Default 20 million, some 11,000 pages. */
  readonly characters: number;
  /** Most pages, slides, chapters or pictures. Default 5,000. */
  readonly pages: number;
  /** Longest time spent on reading. Default 60 s; with recognition of text in pictures 600 s. */
  readonly seconds: number;
}

export const defaultLimits: ReadLimits = {
  fileBytes: 512 * 1024 * 1024,
  unpackedBytes: 256 * 1024 * 1024,
  characters: 20_000_000,
  pages: 5_000,
  seconds: 60,
};

export interface ReadOptions {
  readonly limits?: Partial<ReadLimits>;
  /**
   * Languages of the text in pictures as Tesseract names them. Default `["eng", "chi_sim"]`; an empty list leaves pictures
   * unread, with a warning.
   */
  readonly pictureLanguages?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called as pages are read; the total is null as long as it is not known. */
  readonly onProgress?: (progress: { file: string; pages: number; totalPages: number | null }) => void;
}

/** Characters that stand for a page where text has none: a standard page of a manuscript, some 300 words. */
export const charactersPerPage = 1_800;
/** A Chinese character says as much as so many letters. */
export const lettersPerHan = 3;

/** Takes text as it is read, within the limits. */
export class DocumentBuilder {
  readonly file: string;
  readonly limits: ReadLimits;
  readonly signal: AbortSignal | undefined;
  readonly pictureLanguages: readonly string[];
  readonly #onProgress: ReadOptions["onProgress"];
  readonly #parts: DocumentPart[] = [];
  readonly #warnings: string[] = [];
  readonly #started = performance.now();
  #characters = 0;
  #pages = 0;

  constructor(file: string, options: ReadOptions = {}) {
    this.file = file;
    this.limits = { ...defaultLimits, ...options.limits };
    this.signal = options.signal;
    this.pictureLanguages = options.pictureLanguages ?? ["eng", "chi_sim"];
    this.#onProgress = options.onProgress;
  }

  /** Adds a stretch of text; what is beyond the limit of characters is left out. */
  add(
    text: string,
    role: DocumentPart["role"],
    place: Place,
    {
      marked = [],
      isPicture = false,
      beginsPage = false,
    }: { marked?: readonly string[]; isPicture?: boolean; beginsPage?: boolean } = {},
  ): void {
    const room = this.limits.characters - this.#characters;
    const clean = cleanText(text);
    if (clean === "" || room <= 0) return;
    const kept = clean.length > room ? clean.slice(0, room) : clean;
    this.#characters += kept.length;
    this.#parts.push({ text: kept, role, place, marked, isPicture, beginsPage });
  }

  /** Notes that a page (slide, chapter, picture) is done. */
  pageDone(totalPages: number | null): void {
    this.#pages++;
    this.#onProgress?.({ file: this.file, pages: this.#pages, totalPages });
  }

  get partCount(): number {
    return this.#parts.length;
  }

  /**
   * Why reading must stop here, or null.
   * @throws the signal's reason when aborted
   */
  get exhausted(): string | null {
    this.signal?.throwIfAborted();
    const { characters, pages, seconds } = this.limits;
    if (this.#characters >= characters) return `the text is longer than ${characters} characters`;
    if (this.#pages >= pages) return `there are more than ${pages} of them`;
    if (performance.now() - this.#started > seconds * 1000) return `reading took longer than ${seconds} s`;
    return null;
  }

  warn(message: string): void {
    this.#warnings.push(`${this.file}: ${message}`);
  }

  finish(format: string): ContextDocument {
    if (this.#characters >= this.limits.characters) {
      this.warn(`only the first ${this.limits.characters} characters were read`);
    }
    if (this.#parts.length === 0 && this.#warnings.length === 0) this.warn("holds no text");
    const pages = Math.max(
      this.#pages,
      this.#pages > 0 ? 0 : Math.ceil(this.#characters / charactersPerPage),
    );
    return { file: this.file, format, parts: this.#parts, pages, warnings: this.#warnings };
  }

  /** The error for a document that is damaged. */
  refuseBroken(why: string, cause?: unknown): GlossaError {
    return this.refuse(`broken: ${why}; open it in the program that made it and save it again`, cause);
  }

  /** The error for a document that cannot be read at all. */
  refuse(why: string, cause?: unknown): GlossaError {
    return new GlossaError("unsupported-document", `${this.file}: ${why}`, { cause });
  }
}

/**
 * Typographic ligatures become letters, soft hyphens and characters without width vanish, odd spaces become spaces,
 * control characters go. Line ends stay.
 */
export function cleanText(text: string): string {
  if (/^[\n!-~]+(?:[ \n][\n!-~]+)*$/.test(text)) return text.trim();
  return (
    text
      .replace(/\r\n?/g, "\n")
      .replace(/[\uFB00-\uFB06\u2F00-\u2FDF\uF900-\uFAFF]/gu, (letter) => letter.normalize("NFKC"))
      .replace(/[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFEFF\uFFFD]/gu, "")
      .replace(/[\p{Zs}\t]+/gu, " ")
      // eslint-disable-next-line no-control-regex
      .replace(/(?!\n)\p{Cc}/gu, " ")
      .normalize("NFC")
      .replace(/ *\n */g, "\n")
      .trim()
  );
}

/** How a place is named in `Term.source` and in messages: `deck.pdf, page 3`, `notes.md:12`. */
export function sourceOf(file: string, place: Place): string {
  if (place.unit === "line") return `${file}:${place.number}`;
  if (place.unit !== "second") return `${file}, ${place.unit} ${place.number}`;
  const seconds = Math.floor(place.number);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${file}, ${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
