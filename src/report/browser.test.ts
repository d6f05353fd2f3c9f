/** The report in a real browser. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clips, embedClips, linkClips } from "./clips.ts";
import { renderReport } from "./report.ts";
import { fakeRun } from "./testing/fake-runs.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);
const attack = "<script>window.attacked = true</script><img src=x onerror='window.attacked = true'>";

describe.skipIf(executablePath === undefined)(
  "the report in a browser (skipped where Chromium is missing)",
  () => {
    let folder: string;
    let browser: Browser;
    const problems: string[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "glossa-report-"));
      await writeFile(join(folder, "a tone.wav"), tone(4));
      browser = await chromium.launch({
        executablePath,
        args: [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--no-first-run",
          "--disable-background-networking",
        ],
      });
    });
    afterAll(async () => {
      await browser?.close();
      await rm(folder, { recursive: true });
    });

    const run = fakeRun({
      utterances: [
        {
          id: "first",
          reference: "we tuned it and then saw New York",
          hypothesis: "we tuned it and then saw New York",
          terms: ["New York"],
        },
        { id: "third", reference: "we tuned LoRA", hypothesis: "we tuned Laura", terms: ["LoRA"] },
        { id: "second", reference: `all ${attack} wrong`, hypothesis: attack, terms: [attack] },
        ...Array.from({ length: 60 }, (_, index) => ({
          id: `more-${index}`,
          reference: "a few words of speech",
          hypothesis: "a few birds of speech",
        })),
      ],
    });

    async function open(clips: Clips, width = 1200): Promise<Page> {
      const file = join(folder, "report.html");
      await writeFile(
        file,
        renderReport([run, { ...run, run: { ...run.run, glossaVersion: "2" } }], { clips }),
      );
      const page = await browser.newPage({ viewport: { width, height: 800 } });
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
      page.on("request", (request) => /^(file|data):/.test(request.url()) || problems.push(request.url()));
      await page.goto(pathToFileURL(file).href);
      return page;
    }

    const audioFile = () => join(folder, "a tone.wav");
    const paths = run.utterances.map(({ record }) => record.audio);
    const everyPathTo = (url: string): Clips => new Map(paths.map((path) => [path, url]));

    it("runs nothing but its own script and asks for nothing outside", async () => {
      const page = await open(new Map());
      expect(await page.evaluate("window.attacked")).toBeUndefined();
      expect(await page.locator("h1").textContent()).toContain("2 runs");
      expect(problems).toEqual([]);
    });

    it.each(["a file beside it", "a recording inside it"])(
      "plays a term at its spot from %s",
      async (kind) => {
        const linked = linkClips([audioFile()], join(folder, "report.html"));
        const embedded = await embedClips([audioFile()], join(folder, "report.html"));
        const page = await open(
          everyPathTo((kind === "a file beside it" ? linked : embedded).get(audioFile())!),
        );
        const play = page.locator("#terms ~ details a.play[aria-label*='new york' i]").first();
        // New York stands at 3 to 4 s; the stretch begins a little before.
        await play.focus();
        await page.keyboard.press("Enter");
        const seconds = () => page.evaluate("document.querySelector('#player audio').currentTime");
        await expect.poll(seconds).toBeGreaterThan(2.65);
        expect(await seconds()).toBeLessThan(4.2);
        expect(await play.getAttribute("class")).toContain("playing");
        const isPaused = () => page.evaluate("document.querySelector('#player audio').paused");
        await expect.poll(isPaused, { timeout: 5000 }).toBe(true);
        expect(await play.getAttribute("class")).not.toContain("playing");
        expect(problems).toEqual([]);
      },
    );

    it("says when a recording cannot be played", async () => {
      const page = await open(everyPathTo("not-there.wav"));
      await page.locator("a.play").first().click();
      await expect.poll(() => page.locator("#player p").textContent()).toContain("cannot be played");
      problems.length = 0;
    });

    it("finds and orders utterances, and sorts tables", async () => {
      const page = await open(new Map());
      const shown = page.locator(".utterance-list > ol > li h3");
      expect(await shown.count()).toBe(50);
      await page.locator("select[name=order]").selectOption("place");
      expect(await shown.first().textContent()).toBe("first");
      await page.locator("input[name=find]").fill("new york");
      expect(await shown.allTextContents()).toEqual(["first"]);
      expect(await page.locator(".utterance-list [role=status]").textContent()).toBe("1 of 63");
      await page.locator("input[name=find]").fill("");
      await page.locator("select[name=only]").selectOption("terms");
      expect(await shown.allTextContents()).toEqual(["third"]);

      const table = page.locator("#numbers ~ div table").first();
      await table.locator("th button").first().click();
      expect(await table.locator("th").first().getAttribute("aria-sort")).toBe("ascending");
      await table.locator("th button").first().click();
      expect(await table.locator("tbody th").first().textContent()).toContain("2");
    });

    it("opens the fold that a link leads into", async () => {
      const page = await open(new Map());
      const folded = page.locator("details.rest li.utterance").last();
      expect(await folded.isVisible()).toBe(false);
      const id = await folded.getAttribute("id");
      await page.evaluate(`location.hash = ${JSON.stringify(id)}`);
      await folded.waitFor({ state: "visible" });
    });

    it("is dark where the reader's system is, and on paper light", async () => {
      const page = await open(new Map());
      const colour = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      const light = await colour();
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await colour()).toBe("rgb(16, 15, 14)");
      expect(light).toBe("rgb(246, 244, 239)");
      await page.emulateMedia({ colorScheme: "dark", media: "print" });
      expect(await colour()).toBe("rgb(255, 255, 255)");
      expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(28, 27, 25)");
    });

    it("fits a phone", async () => {
      const page = await open(new Map(), 360);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    });
  },
);

/** A WAV file of a quiet tone. */
function tone(seconds: number): Uint8Array {
  const rate = 8000;
  const data = Buffer.alloc(2 * rate * seconds);
  for (let index = 0; index < rate * seconds; index++) {
    data.writeInt16LE(Math.round(1000 * Math.sin((2 * Math.PI * 440 * index) / rate)), 2 * index);
  }
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(2 * rate, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}
