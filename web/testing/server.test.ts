/** The page in a real browser with the real server, whose recogniser hears numbers in place of words. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { x as extract } from "tar";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDataSet } from "../../src/eval/datasets/load-data-set.ts";
import { startTestServer, type TestServer } from "../../src/server/testing/test-server.ts";
import { chromiumPath, eventually, usePageBrowser } from "./page-browser.ts";
import { toneFile } from "./tone.ts";

/** The recogniser is a process of its own, which takes its time to start on a busy machine. */
const patience = 120_000;

describe.skipIf(chromiumPath === undefined)(
  "the page and the server (skipped where Chromium is missing)",
  { timeout: 4 * patience },
  () => {
    let folder: string;
    let started: TestServer;
    let url: string;
    const { open, problems } = usePageBrowser(async () => {
      folder = await mkdtemp(join(tmpdir(), "glossa-page-"));
      await writeFile(join(folder, "talk.wav"), toneFile(70));
      await writeFile(join(folder, "microphone.wav"), toneFile(20, 48_000));
      return join(folder, "microphone.wav");
    });

    beforeAll(async () => {
      // Where the server looks for it.
      await build({ configFile: new URL("../vite.config.ts", import.meta.url).pathname, logLevel: "error" });
      started = await startTestServer();
      url = started.url;
    }, 60_000);
    afterAll(async () => {
      await started?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    it("recognise, correct, export, compare, and give the corrections as a data set", async () => {
      const page = await open(url);
      page.setDefaultTimeout(patience);
      await page.getByLabel("Terms, one a line").fill("word\nGLCLAP");
      await page.locator("input[type=file][multiple]").first().setInputFiles(join(folder, "talk.wav"));
      await page.getByRole("link", { name: "talk.wav" }).click();
      await page.getByRole("button", { name: "Export" }).waitFor();
      const first = page.locator('[data-segment="0"] p.words');
      await eventually(() => first.textContent()).toMatch(/^word /);
      await page.getByRole("region", { name: "Terms" }).getByText("GLCLAP").waitFor();
      await page.locator('[data-segment="1"] [data-word="0"]').click();
      await eventually(() =>
        page.evaluate<number>("document.querySelector('audio').currentTime"),
      ).toBeGreaterThan(1);

      await page.locator('[data-segment="0"] [data-word="0"]').dblclick();
      await page.getByLabel("Text of the segment").fill("A tone, and nothing else.");
      await page.keyboard.press("Enter");
      await page.getByText("1 segment corrected, saved").waitFor();
      for (const [format, beginning] of Object.entries({
        txt: /^A tone, and nothing else\.\n/,
        json: /"text": "A tone, and nothing else\./,
        srt: /^1\n00:00:0/,
        vtt: /^WEBVTT\n/,
        tsv: /^start\tend\ttext\n/,
      })) {
        await page.getByRole("button", { name: "Export" }).click();
        const download = page.waitForEvent("download");
        await page.locator(".sheet:not([hidden]) > a", { hasText: `.${format}` }).click();
        expect(await readFile(await (await download).path(), "utf8")).toMatch(beginning);
      }
      await page.reload();
      await eventually(() => first.textContent()).toBe("A tone, and nothing else.");

      await page.getByRole("button", { name: "Compare" }).click();
      await page.getByRole("button", { name: "Without context" }).click();
      await page.getByText(/\d+ words? differ/).waitFor();
      await page.getByRole("link", { name: /no context/ }).waitFor();

      await page.getByRole("link", { name: "Corrections" }).click();
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "Download the data set" }).click();
      await extract({ file: await (await download).path(), cwd: folder });
      const { utterances } = await loadDataSet(join(folder, "manifest.jsonl"));
      expect(utterances[0]!.text).toContain("A tone, and nothing else.");
      expect(problems).toEqual([]);
    });

    it("caption what the microphone hears, and keep it", async () => {
      const page = await open(`${url}/#/live`);
      page.setDefaultTimeout(patience);
      await page.getByRole("button", { name: "Start" }).click();
      const captions = page.getByRole("log", { name: "Captions" });
      await captions
        .getByText(/word [a-j]/)
        .first()
        .waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      // Only now is all of the text final: what was shown until then may still change.
      await page.getByRole("button", { name: "Keep and transcribe" }).waitFor();
      expect(await captions.locator(".interim").count()).toBe(0);
      const said = /word [a-j]+ after [a-j]\./;
      expect(await captions.textContent()).toMatch(said);
      await page.getByRole("button", { name: "Export" }).click();
      const download = page.waitForEvent("download");
      await page.getByRole("button", { name: /\.txt/ }).click();
      expect(await readFile(await (await download).path(), "utf8")).toMatch(said);

      await page.getByRole("button", { name: "Keep and transcribe" }).click();
      await page.getByRole("link", { name: /^Recording .*\.wav$/ }).click();
      await page.getByRole("button", { name: "Export" }).waitFor();
      const first = page.locator('[data-segment="0"] p.words');
      await eventually(() => first.textContent()).toMatch(said);
      expect(problems).toEqual([]);
    });

    it("keep the history and search it, and glossaries", async () => {
      const page = await open(url);
      page.setDefaultTimeout(patience);
      await page.getByLabel("Search names and texts").fill("nothing else");
      await page.getByRole("link", { name: "talk.wav" }).first().waitFor();
      await page.getByLabel("Search names and texts").fill("never said");
      await page.getByText("Nothing found.").waitFor();
      await page.getByRole("link", { name: "Glossaries" }).click();
      await page.getByRole("button", { name: "New glossary" }).click();
      await page.getByLabel("Name").fill("Adapters");
      await page.getByLabel("Terms, one a line").fill("LoRA\nQLoRA");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("2 terms ·").waitFor();
      await page.getByRole("button", { name: "Terms: Adapters" }).click();
      await page.getByLabel("Search terms").fill("ql");
      await page.getByText("1 found").waitFor();
      expect(problems).toEqual([]);
    });
  },
);
