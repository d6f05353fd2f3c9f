/**
 * Text in pictures, read by Tesseract (https://github.com/tesseract-ocr/tesseract) without a network. It is installed
 * beside Glossa by those who need it, because the engine and its language data take 80 MB.
 */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Worker } from "tesseract.js";
import { GlossaError } from "../../errors.ts";

/** Words that Tesseract is less sure of, in percent, are mostly not words. */
const leastWordConfidence = 55;

/** Tesseract joins lines of both scripts best when it knows both. */
export class PictureReader implements AsyncDisposable {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /**
   * @param languages as Tesseract names them, such as `eng`
   * @throws GlossaError `unsupported-document` when Tesseract or the data of a language is not installed
   */
  static async load(languages: readonly string[]): Promise<PictureReader> {
    const { createWorker, OEM } = await importTesseract(languages);
    const files = languages.map((code) => ({ code, file: languageFile(code, languages) }));
    // Tesseract looks for all languages in one folder, the packages have one each.
    const folder = await mkdtemp(join(tmpdir(), "glossa-languages-"));
    let worker: Worker;
    try {
      for (const { code, file } of files) await copyFile(file, join(folder, `${code}.traineddata.gz`));
      worker = await createWorker([...languages], OEM.LSTM_ONLY, {
        langPath: folder,
        cacheMethod: "none",
        errorHandler: () => {},
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return new PictureReader(worker);
  }

  /**
   * The lines of text in a picture (PNG, JPEG, WebP, BMP, GIF or PBM), without words that are likely noise.
   * @throws whatever Tesseract says about a broken picture
   */
  async read(picture: Buffer): Promise<string[]> {
    const { data } = await this.#worker.recognize(picture, {}, { blocks: true, text: false });
    return (data.blocks ?? [])
      .flatMap((block) => block.paragraphs)
      .flatMap((paragraph) => paragraph.lines)
      .map((line) => readableWords(line.words))
      .filter((text) => /[\p{L}\p{N}]/u.test(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Tesseract puts spaces between Chinese characters; they go. */
function readableWords(words: readonly { text: string; confidence: number }[]): string {
  return words
    .filter((word) => word.confidence >= leastWordConfidence)
    .map((word) => word.text)
    .join(" ")
    .replace(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, "");
}

async function importTesseract(languages: readonly string[]): Promise<typeof import("tesseract.js")> {
  try {
    return await import("tesseract.js");
  } catch (cause) {
    throw notInstalled(languages, cause);
  }
}

function languageFile(code: string, languages: readonly string[]): string {
  const require = createRequire(import.meta.url);
  try {
    const folder = dirname(require.resolve(`@tesseract.js-data/${code}/package.json`));
    return join(folder, "4.0.0_best_int", `${code}.traineddata.gz`);
  } catch (cause) {
    throw notInstalled(languages, cause);
  }
}

function notInstalled(languages: readonly string[], cause: unknown): GlossaError {
  const packages = ["tesseract.js", ...languages.map((code) => `@tesseract.js-data/${code}`)];
  return new GlossaError(
    "unsupported-document",
    `text in pictures cannot be read; install what reads it: npm install ${packages.join(" ")}`,
    { cause },
  );
}
