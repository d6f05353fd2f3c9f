/** The page with the made-up server for the tests of one file, in a real browser. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll } from "vitest";
import { MockServer } from "./mock-server.ts";
import { usePageBrowser } from "./page-browser.ts";
import { sampleTranscript } from "./sample-transcripts.ts";
import { toneFile } from "./tone.ts";

export const terms = [
  "Qwen2-VL",
  "LoRA",
  "Okonkwo",
  "QLoRA",
  "GLCLAP",
  "a term that is too long for every prompt",
];

/** Set before the first test. */
export interface MockPage {
  readonly server: MockServer;
  readonly address: string;
  /** Holds `talk.wav`, and the built page in `web`. */
  readonly folder: string;
  /** The job of a recording that the server has. */
  readonly talk: string;
}

export function useMockPage(): ReturnType<typeof usePageBrowser> & {
  readonly mock: MockPage;
  /** The page with the transcript of `talk`. */
  readonly openTalk: (options?: BrowserContextOptions) => Promise<Page>;
} {
  const mock = {} as { -readonly [Name in keyof MockPage]: MockPage[Name] };
  const browser = usePageBrowser();
  beforeAll(async () => {
    mock.folder = await mkdtemp(join(tmpdir(), "glossa-page-"));
    const page = join(mock.folder, "web");
    await build({
      configFile: new URL("../vite.config.ts", import.meta.url).pathname,
      logLevel: "error",
      build: { outDir: page },
    });
    await writeFile(join(mock.folder, "talk.wav"), toneFile(30));
    mock.server = new MockServer({ page });
    mock.address = await mock.server.listen();
    mock.talk = mock.server.addRecording("lecture.wav", sampleTranscript("en", 60, terms), toneFile(60));
  }, 60_000);
  afterAll(async () => {
    await mock.server?.app.close();
    await rm(mock.folder, { recursive: true, force: true });
  });
  return {
    ...browser,
    mock,
    async openTalk(options = {}) {
      const page = await browser.open(`${mock.address}/#/job/${mock.talk}`, options);
      await page.locator("[data-word]").first().waitFor();
      return page;
    },
  };
}

/** The text of a segment as it is shown. */
export const textOf = (page: Page, segment: number) =>
  page.locator(`[data-segment="${segment}"] p.words`).textContent();
