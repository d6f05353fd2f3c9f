import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDocument } from "./read-document.ts";
import { pdfOf, scannedPdf } from "./testing/documents.ts";

const slide = fileURLToPath(new URL("testing/slide.png", import.meta.url));
const hasFfmpeg = (() => {
  try {
    execFileSync("ffmpeg", ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "glossa-pictures-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("text in pictures", () => {
  it("is read in English and Chinese", async () => {
    const { parts, format } = await readDocument(slide);
    expect(format).toBe("picture");
    expect(parts[0]!.text).toMatch(/Contextual biasing\nLoRA rank 8 on Qwen2-Audio\n语音识别模型使用注意力/);
  }, 60_000);

  it("is read on scanned pages of PDF", async () => {
    const path = join(folder, "scan.pdf");
    const { pixels, width, height } = await greyPixels(slide);
    await writeFile(path, scannedPdf(pixels, width, height));
    const { parts, warnings } = await readDocument(path);
    expect(warnings).toEqual([]);
    expect(parts[0]).toMatchObject({ place: { unit: "page", number: 1 } });
    expect(parts[0]!.text).toContain("Contextual biasing");
  }, 60_000);

  it("is left out with a warning when not wanted", async () => {
    const path = join(folder, "scan.pdf");
    await writeFile(path, scannedPdf(new Uint8Array(64), 8, 8));
    expect((await readDocument(path, { pictureLanguages: [] })).warnings).toEqual([
      `${path}: page 1 is a picture and not read, as asked`,
    ]);
    await writeFile(join(folder, "blank.pdf"), pdfOf([""]));
    expect((await readDocument(join(folder, "blank.pdf"))).warnings[0]).toContain("holds no text");
  });

  it("says what to install for a language that is not there", async () => {
    await expect(readDocument(slide, { pictureLanguages: ["deu"] })).rejects.toMatchObject({
      code: "unsupported-document",
      message: expect.stringContaining("npm install tesseract.js @tesseract.js-data/deu"),
    });
  });

  it.skipIf(!hasFfmpeg)(
    "is read from the slides of a video, with times (needs ffmpeg)",
    async () => {
      const path = join(folder, "talk.mp4");
      const show = (colour: string) => [
        "-f",
        "lavfi",
        "-t",
        "2",
        "-i",
        `color=${colour}:size=600x320:rate=5`,
      ];
      execFileSync(
        "ffmpeg",
        [
          "-loglevel",
          "error",
          ...show("black"),
          "-loop",
          "1",
          "-framerate",
          "5",
          "-t",
          "2",
          "-i",
          slide,
        ].concat(["-filter_complex", "[0][1]concat=n=2:v=1:a=0", "-pix_fmt", "yuv420p", path]),
      );
      const { parts, format } = await readDocument(path);
      expect(format).toBe("slides of a video");
      expect(parts).toHaveLength(1);
      expect(parts[0]!.text).toContain("Qwen2-Audio");
      expect(parts[0]!.place).toEqual({ unit: "second", number: 2 });
    },
    60_000,
  );
});

async function greyPixels(file: string): Promise<{ pixels: Uint8Array; width: number; height: number }> {
  // The canvas that pdf.js draws with.
  const require = createRequire(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));
  const { createCanvas, loadImage } = require("@napi-rs/canvas") as typeof import("@napi-rs/canvas");
  const image = await loadImage(await readFile(file));
  const { width, height } = image;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return { pixels: Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]!), width, height };
}
