/**
 * PDF: the text layer page by page, with large print as titles; pages that are pictures (scans) are drawn and read.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist";
import type { DocumentBuilder, Place } from "./document.ts";
import { PictureReader } from "./picture-text.ts";

/** A page with fewer characters of text is looked at as a picture. */
const fewCharacters = 16;
/** Print this much larger than most of the page is a title. */
const titleScale = 1.25;
/** Width of a page drawn for reading, in pixels: 200 dots an inch on A4. */
const drawnWidth = 1_650;
/** Tallest drawing: a page of odd shape must not take all memory. */
const drawnHeight = 4_000;

/** @throws GlossaError `unsupported-document` when it is broken or needs a password */
export async function addPdf(bytes: Uint8Array, builder: DocumentBuilder): Promise<void> {
  const { getDocument, VerbosityLevel } = await import("pdfjs-dist/legacy/build/pdf.mjs");
  const folder = dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));
  const task = getDocument({
    data: new Uint8Array(bytes),
    cMapUrl: `${join(folder, "cmaps")}/`,
    cMapPacked: true,
    standardFontDataUrl: `${join(folder, "standard_fonts")}/`,
    wasmUrl: `${join(folder, "wasm")}/`,
    disableFontFace: true,
    useSystemFonts: false,
    maxImageSize: 40_000_000,
    verbosity: VerbosityLevel.ERRORS,
  });
  try {
    const pdf = await task.promise.catch((cause: Error) => {
      throw cause.name === "PasswordException"
        ? builder.refuse("encrypted; remove the password and try again", cause)
        : builder.refuseBroken(cause.message.replace(/\.$/, ""), cause);
    });
    await addMetadata(pdf, builder);
    await addPages(pdf, builder);
  } finally {
    await task.destroy();
  }
}

async function addMetadata(pdf: PDFDocumentProxy, builder: DocumentBuilder): Promise<void> {
  const metadata = await pdf.getMetadata().catch(() => null);
  const info = (metadata?.info ?? {}) as Record<string, unknown>;
  const place: Place = { unit: "page", number: 1 };
  // Programs put the name of the file there.
  if (typeof info.Title === "string" && !/\.\w{2,4}$|untitled/i.test(info.Title))
    builder.add(info.Title, "title", place);
  if (typeof info.Author === "string") {
    for (const author of info.Author.split(/[,;]| and /)) builder.add(author, "name", place);
  }
  if (typeof info.Keywords === "string") {
    for (const keyword of info.Keywords.split(/[,;]/)) builder.add(keyword, "name", place);
  }
}

async function addPages(pdf: PDFDocumentProxy, builder: DocumentBuilder): Promise<void> {
  const pictures: number[] = [];
  const broken: number[] = [];
  for (let number = 1; number <= pdf.numPages; number++) {
    const stop = builder.exhausted;
    if (stop !== null) {
      builder.warn(`pages ${number} to ${pdf.numPages} were not read: ${stop}`);
      break;
    }
    let page: PDFPageProxy;
    try {
      page = await pdf.getPage(number);
      const characters = await addTextLayer(page, builder, { unit: "page", number });
      if (characters < fewCharacters) pictures.push(number);
      page.cleanup();
    } catch {
      builder.signal?.throwIfAborted();
      broken.push(number);
    }
    builder.pageDone(pdf.numPages);
  }
  if (broken.length > 0) builder.warn(`${pageList(broken)} broken and not read`);
  await readPictures(pdf, pictures, builder);
}

/** Adds the lines of a page, neighbours of one size together. @returns how many characters there are */
async function addTextLayer(page: PDFPageProxy, builder: DocumentBuilder, place: Place): Promise<number> {
  const { items } = await page.getTextContent();
  const lines: { text: string; size: number }[] = [];
  const charactersBySize = new Map<number, number>();
  let text = "";
  let size = 0;
  let characters = 0;
  for (const item of items) {
    if (!("str" in item)) continue;
    const height = Math.round(item.height * 2) / 2;
    if (item.str.trim() !== "") {
      size = Math.max(size, height);
      charactersBySize.set(height, (charactersBySize.get(height) ?? 0) + item.str.length);
      characters += item.str.trim().length;
    }
    text += item.str;
    if (!item.hasEOL) continue;
    lines.push({ text, size });
    text = "";
    size = 0;
  }
  lines.push({ text, size });
  const usual = usualSize(charactersBySize, characters);
  let block: string[] = [];
  let blockIsTitle = false;
  const flush = () => {
    builder.add(block.join("\n"), blockIsTitle ? "title" : "text", place);
    block = [];
  };
  for (const line of lines) {
    const isTitle = line.size >= usual * titleScale && usual > 0;
    if (isTitle !== blockIsTitle) flush();
    blockIsTitle = isTitle;
    block.push(line.text);
  }
  flush();
  return characters;
}

/** The size below or at which a quarter of the print stands: text, even on a slide that is mostly its title. */
function usualSize(charactersBySize: ReadonlyMap<number, number>, characters: number): number {
  let seen = 0;
  for (const [size, count] of [...charactersBySize].sort((a, b) => a[0] - b[0])) {
    seen += count;
    if (seen >= characters / 4) return size;
  }
  return 0;
}

async function readPictures(
  pdf: PDFDocumentProxy,
  pages: readonly number[],
  builder: DocumentBuilder,
): Promise<void> {
  const candidates: number[] = [];
  for (const number of pages) if (await hasPicture(await pdf.getPage(number))) candidates.push(number);
  if (candidates.length === 0) return;
  if (builder.pictureLanguages.length === 0) {
    builder.warn(`${pageList(candidates)} a picture and not read, as asked`);
    return;
  }
  let reader: PictureReader;
  try {
    reader = await PictureReader.load(builder.pictureLanguages);
  } catch (cause) {
    builder.warn(`${pageList(candidates)} a picture and not read: ${(cause as Error).message}`);
    return;
  }
  await using _ = reader;
  for (const [index, number] of candidates.entries()) {
    const stop = builder.exhausted;
    if (stop !== null) {
      builder.warn(`${pageList(candidates.slice(index))} a picture and not read: ${stop}`);
      return;
    }
    const lines = await reader.read(await draw(pdf, await pdf.getPage(number)));
    builder.add(lines.join("\n"), "text", { unit: "page", number }, { isPicture: true });
  }
}

async function hasPicture(page: PDFPageProxy): Promise<boolean> {
  const { OPS } = await import("pdfjs-dist/legacy/build/pdf.mjs");
  const { fnArray } = await page.getOperatorList();
  const painting = new Set([OPS.paintImageXObject, OPS.paintInlineImageXObject, OPS.paintImageMaskXObject]);
  return fnArray.some((operation) => painting.has(operation));
}

interface Canvas {
  toBuffer(type: "image/png"): Buffer;
}

async function draw(pdf: PDFDocumentProxy, page: PDFPageProxy): Promise<Buffer> {
  const natural = page.getViewport({ scale: 1 });
  const scale = Math.min(drawnWidth / natural.width, drawnHeight / natural.height);
  const viewport = page.getViewport({ scale });
  const factory = pdf.canvasFactory as {
    create(width: number, height: number): { canvas: Canvas & object };
  };
  const { canvas } = factory.create(Math.ceil(viewport.width), Math.ceil(viewport.height));
  await page.render({ canvas, viewport }).promise;
  page.cleanup();
  return canvas.toBuffer("image/png");
}

function pageList(pages: readonly number[]): string {
  const shown = pages.slice(0, 5).join(", ");
  const more = pages.length > 5 ? `, … (${pages.length} pages)` : "";
  return pages.length === 1 ? `page ${shown} is` : `pages ${shown}${more} are`;
}
