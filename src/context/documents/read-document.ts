/**
 * One document of any kind that Glossa knows, from a file to text with places.
 */
import { open, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { fileTypeFromBuffer } from "file-type";
import { GlossaError } from "../../errors.ts";
import { type ContextDocument, DocumentBuilder, type ReadOptions } from "./document.ts";
import { addPlainText, withoutCommands } from "./plain-text.ts";
import { isSourceEnding } from "./source-code.ts";
import { decodeText } from "./text-encoding.ts";

const subtitleEndings = new Set(["srt", "vtt", "ass", "ssa", "sbv", "lrc", "smi"]);
const pictureEndings = new Set(["png", "jpg", "webp", "bmp", "gif", "pbm"]);
/** Reading pictures takes seconds each. */
const pictureSeconds = 600;

/** What to do about kinds of files that people have and that cannot be read, by ending. */
const advice: Record<string, string> = {
  doc: "an old Word file; save it as DOCX or PDF",
  ppt: "an old PowerPoint file; save it as PPTX or PDF",
  xls: "an old Excel file; save it as CSV",
  cfb: "an old or encrypted Office file; remove the password, or save it as DOCX, PPTX or PDF",
  rtf: "rich text (RTF); save it as DOCX or PDF",
  xlsx: "a spreadsheet; save it as CSV",
  odt: "OpenDocument; save it as DOCX or PDF",
  odp: "OpenDocument; save it as PPTX or PDF",
  ods: "OpenDocument; save it as CSV",
  pages: "a Pages file; export it as PDF",
  key: "a Keynote file; export it as PDF",
  mobi: "a Kindle book; convert it to EPUB",
  zip: "an archive; unpack it and give the folder",
  tif: "a TIFF picture; save it as PNG",
  heic: "a HEIC picture; save it as PNG",
  ps: "PostScript; save it as PDF",
};

/**
 * Reads a document. The content decides what it is, and the ending where the content does not.
 *
 * @throws GlossaError `unreadable-input` when the file cannot be read; `unsupported-document` when it is broken,
 *   encrypted, too large or of a kind that is not known; the signal's reason when aborted
 */
export async function readDocument(file: string, options: ReadOptions = {}): Promise<ContextDocument> {
  const ending = extname(file).slice(1).toLowerCase();
  const isPicture = pictureEndings.has(ending) || ending === "jpeg";
  const limits = isPicture || !ending ? { seconds: pictureSeconds, ...options.limits } : options.limits;
  const builder = new DocumentBuilder(file, { ...options, limits });
  options.signal?.throwIfAborted();
  const head = await readBytes(file, builder, 4_100);
  const detected = await fileTypeFromBuffer(head).catch(() => undefined);
  if (detected?.mime.startsWith("video/")) {
    const video = new DocumentBuilder(file, {
      ...options,
      limits: { seconds: pictureSeconds, ...options.limits },
    });
    await (await import("./video-slides.ts")).addVideoSlides(file, video);
    return video.finish("slides of a video");
  }
  if (detected?.mime.startsWith("audio/")) throw builder.refuse("a recording, not a document");
  return readContent(await readBytes(file, builder), ending, detected?.ext, builder, options);
}

async function readContent(
  bytes: Buffer,
  ending: string,
  detected: string | undefined,
  builder: DocumentBuilder,
  options: ReadOptions,
): Promise<ContextDocument> {
  if (bytes.length === 0) {
    builder.warn("is empty (0 bytes)");
    return builder.finish("empty file");
  }
  const type = detected === "zip" && ["docx", "pptx", "epub"].includes(ending) ? ending : detected;
  if (type === "pdf" || bytes.subarray(0, 1024).includes("%PDF-")) {
    // Scans take as long as pictures.
    const patient = new DocumentBuilder(builder.file, {
      ...options,
      limits: { seconds: pictureSeconds, ...options.limits },
    });
    await (await import("./pdf.ts")).addPdf(bytes, patient);
    return patient.finish("PDF");
  }
  if (type === "docx") {
    await (await import("./docx.ts")).addDocx(bytes, builder);
    return builder.finish("DOCX");
  }
  if (type === "pptx") {
    await (await import("./presentation.ts")).addPresentation(bytes, builder);
    return builder.finish("PPTX");
  }
  if (type === "epub") {
    await (await import("./epub.ts")).addEpub(bytes, builder);
    return builder.finish("EPUB");
  }
  if (type !== undefined && pictureEndings.has(type)) {
    await addPicture(bytes, builder);
    return builder.finish("picture");
  }
  if (type !== undefined && (advice[type] || !/^(?:xml|html|svg|sql|json|vtt|ics|vcf)$/.test(type))) {
    throw builder.refuse(
      advice[ending] ?? advice[type] ?? `a file of type ${type}, which holds no text to read`,
    );
  }
  return readText(bytes, ending, builder);
}

async function readText(bytes: Buffer, ending: string, builder: DocumentBuilder): Promise<ContextDocument> {
  const { addHtml, declaredEncoding } = await import("./html.ts");
  const decoded = decodeText(bytes, declaredEncoding(bytes));
  if (decoded === null) {
    const broken = ["pdf", "docx", "pptx", "epub"].includes(ending) || pictureEndings.has(ending);
    if (broken && !advice[ending]) throw builder.refuseBroken(`not a ${ending.toUpperCase()} file`);
    throw builder.refuse(advice[ending] ?? "binary data, no text");
  }
  if (decoded.guessed !== null) builder.warn(`not UTF-8; read as ${decoded.guessed}`);
  const text = decoded.text.replace(/^\uFEFF/u, "").replace(/\r\n?/g, "\n");
  if (text.trim() === "") return builder.finish("text");
  if (["pdf", "docx", "pptx", "epub"].includes(ending)) {
    throw builder.refuseBroken(`not a ${ending.toUpperCase()} file, but plain text`);
  }
  if (
    ending === "html" ||
    ending === "htm" ||
    ending === "xhtml" ||
    /^\s*(?:<!doctype html|<html)/i.test(text)
  ) {
    addHtml(text, builder);
    return builder.finish("HTML");
  }
  if (ending === "md" || ending === "markdown" || ending === "mdx" || ending === "qmd" || ending === "rmd") {
    (await import("./markdown.ts")).addMarkdown(text, builder);
    return builder.finish("Markdown");
  }
  if (ending === "ipynb") {
    (await import("./notebook.ts")).addNotebook(text, builder);
    return builder.finish("notebook");
  }
  if (ending === "bib") {
    await (await import("./bibliography.ts")).addBibliography(text, builder);
    return builder.finish("BibTeX");
  }
  if (subtitleEndings.has(ending)) {
    (await import("./subtitles.ts")).addSubtitles(text, ending, builder);
    return builder.finish("subtitles");
  }
  const name = basename(builder.file).toLowerCase();
  if (isSourceEnding(ending) || name === "dockerfile" || name === "makefile" || text.startsWith("#!")) {
    (await import("./source-code.ts")).addCode(text, ending || name, builder);
    return builder.finish("source code");
  }
  addPlainText(ending === "tex" ? withoutCommands(text) : text, builder);
  return builder.finish("text");
}

async function addPicture(bytes: Buffer, builder: DocumentBuilder): Promise<void> {
  if (builder.pictureLanguages.length === 0) {
    builder.warn("a picture, not read, as asked");
    return;
  }
  const { PictureReader } = await import("./picture-text.ts");
  let reader: Awaited<ReturnType<typeof PictureReader.load>>;
  try {
    reader = await PictureReader.load(builder.pictureLanguages);
  } catch (cause) {
    throw builder.refuse((cause as Error).message, cause);
  }
  await using _ = reader;
  try {
    builder.add(
      (await reader.read(bytes)).join("\n"),
      "text",
      { unit: "page", number: 1 },
      { isPicture: true },
    );
  } catch (cause) {
    throw builder.refuse(`broken picture: ${String((cause as Error).message ?? cause)}`, cause);
  }
  builder.pageDone(1);
}

/** @param most read no more bytes than this */
async function readBytes(file: string, builder: DocumentBuilder, most?: number): Promise<Buffer> {
  try {
    const { size } = await stat(file).then((status) => {
      if (status.isDirectory()) throw new GlossaError("unreadable-input", `${file}: is a folder`);
      if (!status.isFile()) throw new GlossaError("unreadable-input", `${file}: not a regular file`);
      return status;
    });
    const { fileBytes } = builder.limits;
    if (most === undefined && size > fileBytes) {
      throw builder.refuse(`larger than ${Math.round(fileBytes / 2 ** 20)} MiB; give the part that matters`);
    }
    await using handle = await open(file);
    const buffer = Buffer.alloc(Math.min(size, most ?? size));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } catch (cause) {
    if (cause instanceof GlossaError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : code === "EACCES" ? "no permission to read it" : message;
    throw new GlossaError("unreadable-input", `${file}: ${why}`, { cause });
  }
}
