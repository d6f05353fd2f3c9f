/** The page in a real browser, with a server that recognises the same made-up text in everything. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MockServer } from "./mock-server.ts";
import { accessibilityProblems, chromiumPath, eventually, usePageBrowser } from "./page-browser.ts";
import { sampleTranscript } from "./sample-transcripts.ts";
import { toneFile } from "./tone.ts";

const terms = ["Qwen2-VL", "LoRA", "Okonkwo", "QLoRA", "GLCLAP", "a term that is too long for every prompt"];

describe.skipIf(chromiumPath === undefined)(
  "the page (skipped where Chromium is missing)",
  { timeout: 120_000 },
  () => {
    let folder: string;
    let server: MockServer;
    let address: string;
    let talk: string;
    const { open, problems } = usePageBrowser();

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "glossa-page-"));
      const page = join(folder, "web");
      await build({
        configFile: new URL("../vite.config.ts", import.meta.url).pathname,
        logLevel: "error",
        build: { outDir: page },
      });
      await writeFile(join(folder, "talk.wav"), toneFile(30));
      server = new MockServer({ page });
      address = await server.listen();
      talk = server.addRecording("lecture.wav", sampleTranscript("en", 60, terms), toneFile(60));
    }, 60_000);
    afterAll(async () => {
      await server?.app.close();
      await rm(folder, { recursive: true, force: true });
    });

    const openTalk = async (options = {}): Promise<Page> => {
      const page = await open(`${address}/#/job/${talk}`, options);
      await page.locator("[data-word]").first().waitFor();
      return page;
    };
    const text = (page: Page, segment: number) =>
      page.locator(`[data-segment="${segment}"] p.words`).textContent();

    it("takes a file with terms, shows the text come, and keeps it in the history", async () => {
      const page = await open(address);
      await page.getByLabel("Terms, one a line").fill("LoRA\nQwen2-VL");
      await eventually(() => page.getByText("2 terms").isVisible()).toBe(true);
      await page.locator("input[type=file][multiple]").first().setInputFiles(join(folder, "talk.wav"));
      await page.getByRole("link", { name: "talk.wav" }).click();
      await page.locator("[data-segment]").first().waitFor();
      expect(await text(page, 0)).toBe("We fine-tuned Qwen2-VL with LoRA on a single card.");
      await page.getByRole("button", { name: "Export" }).waitFor();
      await page.getByRole("link", { name: "Transcribe", exact: true }).click();
      await page.getByLabel("Search names and texts").fill("okonkwo");
      await page.locator("mark", { hasText: "Okonkwo" }).first().waitFor();
      await page.getByLabel("Search names and texts").fill("nowhere to be found");
      await page.getByText("Nothing found.").waitFor();
      expect(problems).toEqual([]);
    });

    it("takes a dropped folder, and of it only what can be a recording", async () => {
      const recordings = join(folder, "recordings");
      await mkdir(join(recordings, "deeper"), { recursive: true });
      await writeFile(join(recordings, "one.wav"), toneFile(1));
      await writeFile(join(recordings, "deeper/two.wav"), toneFile(1));
      await writeFile(join(recordings, "notes.txt"), "nothing to hear");
      const page = await open(address);
      await page.locator("input[webkitdirectory]").setInputFiles(recordings);
      await page.getByRole("link", { name: "one.wav" }).waitFor();
      await page.getByRole("link", { name: "two.wav" }).waitFor();
      await page.getByText("1 file left out").waitFor();
      expect(await page.getByRole("link", { name: "notes.txt" }).count()).toBe(0);
      expect(problems).toEqual([]);
    });

    it("goes on with an upload after the connection broke", async () => {
      const page = await open(address);
      server.uploads.failNextChunk = true;
      await page
        .locator("input[type=file][multiple]")
        .first()
        .setInputFiles({ name: "interrupted.wav", mimeType: "audio/wav", buffer: toneFile(5) });
      await page.getByRole("link", { name: "interrupted.wav" }).waitFor();
      // The refusal itself stands in the console.
      expect(problems).toEqual([expect.stringContaining("503")]);
    });

    it("says why a recording failed, and tries again", async () => {
      const page = await open(address);
      await page
        .locator("input[type=file][multiple]")
        .first()
        .setInputFiles({ name: "broken.wav", mimeType: "audio/wav", buffer: toneFile(5) });
      await page.getByText("This is no recording.").waitFor();
      await page.getByRole("button", { name: "Try again: broken.wav" }).click();
      await page.getByRole("link", { name: "broken.wav" }).click();
      await page.getByRole("alert").getByText("This is no recording.").waitFor();
      expect(problems).toEqual([]);
    });

    it("takes terms out of documents and pasted text, and keeps them as a glossary", async () => {
      const page = await open(address);
      await page.locator("input[accept]").setInputFiles({
        name: "slides.md",
        mimeType: "text/markdown",
        buffer: Buffer.from("We compare GLCLAP with Grace Hopper."),
      });
      await page.locator(".documents").getByText("2 terms").waitFor();
      const field = page.getByLabel("Terms, one a line");
      await field.focus();
      await page.evaluate(
        "navigator.clipboard.writeText('In this talk Ada Lovelace explains why ReLU was chosen instead of the others.')",
      );
      await page.keyboard.press("Control+V");
      await page.locator(".documents").getByText("Pasted text").waitFor();
      expect(await field.inputValue()).toBe("");
      await page.getByText("4 terms").waitFor();
      await page.getByRole("button", { name: "Keep as glossary" }).click();
      await page.getByRole("textbox", { name: "Name", exact: true }).fill("Reading group");
      await page.keyboard.press("Enter");
      const chosen = page.getByLabel(/Reading group/);
      await chosen.waitFor();
      expect(await chosen.isChecked()).toBe(true);
      await page.getByRole("link", { name: "Glossaries" }).click();
      await page.getByRole("button", { name: "Terms: Reading group" }).click();
      await page.getByLabel("Search terms").fill("ada");
      await page.getByText("1 found").waitFor();
      await page.getByRole("button", { name: "Edit: Reading group" }).click();
      await page.getByLabel("Terms, one a line").fill("GLCLAP");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("1 term ·").waitFor();
      expect(problems).toEqual([]);
    });

    it("plays a word that is clicked, marks what is heard, and changes the speed", async () => {
      const page = await openTalk();
      await page.locator('[data-segment="3"] [data-word="2"]').click();
      const seconds = () => page.evaluate<number>("document.querySelector('audio').currentTime");
      const start = Number(
        await page.locator('[data-segment="3"] [data-word="2"]').getAttribute("data-seek"),
      );
      await eventually(seconds).toBeCloseTo(start, 1);
      await page.getByLabel("Speed").selectOption("2");
      expect(await page.evaluate("document.querySelector('audio').playbackRate")).toBe(2);
      await page.keyboard.press("Alt+P");
      await eventually(() => page.locator('[data-segment="4"][data-now] [data-word][data-now]').count()).toBe(
        1,
      );
      await page.getByRole("button", { name: "Pause" }).click();
      await eventually(() => page.evaluate("document.querySelector('audio').paused")).toBe(true);
      expect(problems).toEqual([]);
    });

    it("shows what became of every term, where, and how surely", async () => {
      const page = await openTalk();
      expect(await page.locator('[data-segment="0"] .term').allTextContents()).toEqual(["Qwen2-VL", "LoRA"]);
      const panel = page.getByRole("region", { name: "Terms" });
      await panel.getByRole("button", { name: /left out/ }).click();
      expect(await panel.locator("li .term").allTextContents()).toEqual([terms.at(-1)]);
      await panel.getByText("longer than the model's prompt").waitFor();
      await panel.getByRole("button", { name: /^All/ }).click();
      const picture = panel.getByRole("img", { name: /^How probable LoRA is where it was found: 0:02/ });
      expect(await picture.locator("rect").count()).toBeGreaterThan(1);
      await panel.getByRole("img", { name: /^How probable QLoRA .* taken back\)$/ }).waitFor();
      await panel.getByRole("button", { name: "Hear LoRA at 0:02" }).click();
      await eventually(() => page.evaluate("document.querySelector('audio').paused")).toBe(false);
      // It stops by itself when the term is over.
      await eventually(() => page.evaluate("document.querySelector('audio').paused")).toBe(true);
      expect(problems).toEqual([]);
    });

    it("is corrected in place, with steps back and forth, and saved", async () => {
      const page = await openTalk();
      await page.locator('[data-segment="1"] [data-word="2"]').dblclick();
      const field = page.getByLabel("Text of the segment");
      await field.fill("The outcome was better than anybody had expected.");
      await page.keyboard.press("Enter");
      expect(await text(page, 1)).toBe("The outcome was better than anybody had expected.");
      await page.getByText("1 segment corrected, saved").waitFor();
      expect(server.correctionOf(talk)![1]!.words.map((word) => word.text)).toContain("outcome");

      await page.keyboard.press("Control+z");
      expect(await text(page, 1)).toContain("The results were better");
      await eventually(() => server.correctionOf(talk)).toBeNull();
      await page.keyboard.press("Control+Shift+z");
      expect(await text(page, 1)).toContain("The outcome");
      await page.getByText("1 segment corrected, saved").waitFor();

      await page.reload();
      await page.locator("[data-word]").first().waitFor();
      expect(await text(page, 1)).toContain("The outcome");
      await page.locator('[data-segment="1"]').hover();
      await page.locator('[data-segment="1"] [data-edit]').click();
      await page.getByText("Recognised: The results were better").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Back to what was recognised" }).click();
      await eventually(() => server.correctionOf(talk)).toBeNull();
      expect(await text(page, 1)).toContain("The results");
      expect(problems).toEqual([]);
    });

    it("remembers a marked text as a term for the next recording", async () => {
      const page = await openTalk();
      await page.evaluate(
        'getSelection().selectAllChildren(document.querySelector(\'[data-segment="2"] [data-word="1"]\'))',
      );
      await page.getByRole("button", { name: "Remember “Okonkwo” as a term" }).click();
      await page.getByText("Okonkwo is among the terms").waitFor();
      await page.getByRole("link", { name: "Transcribe", exact: true }).click();
      expect(await page.getByLabel("Terms, one a line").inputValue()).toBe("Okonkwo");
      await page.getByText("1 term").waitFor();
      expect(problems).toEqual([]);
    });

    it("splits and joins segments, and replaces a text everywhere as one step", async () => {
      const page = await openTalk();
      const count = await page.locator("[data-segment]").count();
      await page.locator('[data-segment="0"] [data-word="3"]').dblclick();
      await page.keyboard.press("Control+Enter");
      expect(await text(page, 0)).toBe("We fine-tuned Qwen2-VL");
      expect(await page.getByLabel("Text of the segment").inputValue()).toBe("with LoRA on a single card.");
      await page.keyboard.press("Backspace");
      await page.keyboard.press("Enter");
      expect(await text(page, 0)).toBe("We fine-tuned Qwen2-VL with LoRA on a single card.");
      expect(await page.locator("[data-segment]").count()).toBe(count);

      await page.keyboard.press("Control+h");
      await page.getByLabel("Find", { exact: true }).fill("okonkwo");
      await page.getByLabel("Replace by").fill("Adeyemi");
      const found = Number(/\d+/.exec((await page.getByText(/^\d+ found$/).textContent())!)![0]);
      expect(found).toBeGreaterThan(1);
      await page.getByRole("button", { name: "Replace all" }).click();
      await page.getByText(`${found} places replaced`).waitFor();
      expect(await text(page, 2)).toContain("Doctor Adeyemi measured");
      await page.getByRole("button", { name: "Undo" }).click();
      expect(await text(page, 2)).toContain("Doctor Okonkwo measured");
      await page.getByRole("button", { name: "Back to what was recognised" }).click();
      await eventually(() => server.correctionOf(talk)).toBeNull();
      expect(problems).toEqual([]);
    });

    it("says when a correction could not be saved, and tries again", async () => {
      const page = await openTalk();
      server.failNextSave = true;
      await page.locator('[data-segment="0"] [data-word="0"]').dblclick();
      await page.getByLabel("Text of the segment").fill("You fine-tuned it.");
      await page.keyboard.press("Enter");
      await page.getByText("Not saved: the disk is full").waitFor();
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByText("1 segment corrected, saved").waitFor();
      await page.getByRole("link", { name: "Corrections" }).click();
      await page.getByRole("link", { name: "lecture.wav" }).waitFor();
      await page.getByText("1 segment corrected").waitFor();
      await page.getByRole("link", { name: "lecture.wav" }).click();
      await page.getByRole("button", { name: "Back to what was recognised" }).click();
      await eventually(() => server.correctionOf(talk)).toBeNull();
      expect(problems).toEqual([expect.stringContaining("503")]);
    });

    it("exports in every format, with what was corrected a moment ago", async () => {
      const page = await openTalk();
      await page.locator('[data-segment="0"] [data-word="0"]').dblclick();
      await page.getByLabel("Text of the segment").fill("They fine-tuned it.");
      await page.keyboard.press("Enter");
      for (const format of ["txt", "json", "srt", "vtt", "tsv"]) {
        await page.getByRole("button", { name: "Export" }).click();
        const download = page.waitForEvent("download");
        await page.locator(".sheet:not([hidden]) > a", { hasText: `.${format}` }).click();
        const content = await readFile(await (await download).path(), "utf8");
        expect(content, format).toContain("They fine-tuned it.");
      }
      await page.getByRole("button", { name: "Export" }).click();
      await page.getByRole("button", { name: "Copy the text" }).click();
      await eventually(() => page.evaluate("navigator.clipboard.readText()")).toContain(
        "They fine-tuned it.\nThe",
      );
      await page.getByRole("button", { name: "Back to what was recognised" }).click();
      await eventually(() => server.correctionOf(talk)).toBeNull();
      expect(problems).toEqual([]);
    });

    it("compares with a run without context, side by side", async () => {
      const page = await openTalk();
      await page.getByRole("button", { name: "Compare" }).click();
      await page.getByRole("button", { name: "Without context" }).click();
      await page.getByRole("link", { name: /no context/ }).waitFor();
      await page.getByText(/\d+ words? differ/).waitFor();
      expect(await page.locator("tbody tr").first().locator("mark").allTextContents()).toEqual([
        "Qwen2-VL",
        "LoRA",
        "Quen two VL",
        "Laura",
      ]);
      const rows = await page.locator("tbody tr").count();
      await page.getByLabel("Only what differs").check();
      expect(await page.locator("tbody tr").count()).toBeLessThan(rows / 2);
      // It can be found again from either.
      await page.getByRole("link", { name: /6 terms/ }).click();
      await page.getByRole("button", { name: "Compare" }).click();
      await page.getByRole("link", { name: /no context/ }).click();
      await page.getByLabel("Only what differs").waitFor();
      expect(problems).toEqual([]);
    });

    it("is used with the keyboard alone", async () => {
      const page = await openTalk();
      const focused = () =>
        page.evaluate(
          "document.activeElement.closest('[data-segment]')?.dataset.segment + '/' + (document.activeElement.dataset.word ?? '')",
        );
      await page.locator('[data-segment="0"] .time').focus();
      await page.keyboard.press("ArrowDown");
      expect(await focused()).toBe("1/");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      expect(await focused()).toBe("1/1");
      await page.keyboard.press("n");
      const doubtful = await focused();
      expect(doubtful).not.toBe("1/1");
      await page.keyboard.press("e");
      await page.keyboard.type(" indeed");
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("End");
      const last = (await page.locator("[data-segment]").count()) - 1;
      await eventually(focused).toBe(`${last}/`);
      // One Tab stop for the whole transcript: the next leads out of it, past the button beside the segment.
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("undefined/");
      expect(problems).toEqual([]);
    });

    it("stays quick with a transcript of three hours", async () => {
      const long = sampleTranscript("en", 3 * 3600, terms);
      const id = server.addRecording("three hours.wav", long, toneFile(1));
      const page = await open(`${address}/#/job/${id}`);
      await page.locator("[data-word]").first().waitFor();
      expect(await page.locator("[data-segment]").count()).toBe(long.segments.length);
      // All of the text is there to be found, but only what is near the window is in words.
      expect(await page.locator("[data-segment] p").last().textContent()).toBe(long.segments.at(-1)!.text);
      expect(await page.locator("[data-word]").count()).toBeLessThan(2000);
      // Against a short one, because machines differ.
      const duration = await millisecondsToEdit(page);
      const short = await millisecondsToEdit(await openTalk());
      expect(duration).toBeLessThan(short * 10 + 300);
      expect(problems).toEqual([]);
    });

    it("takes recordings dropped anywhere, and goes on when the server comes back", async () => {
      const restarted = new MockServer({ page: join(folder, "web") });
      const where = await restarted.listen();
      const page = await open(`${where}/#/corrections`);
      await page.getByText("Nothing is corrected yet.").waitFor();
      await page.evaluate(`
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(1000)], "dropped.wav"));
      document.querySelector("h1").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    `);
      await page.getByRole("link", { name: "dropped.wav" }).waitFor();
      await restarted.app.close();
      await page.getByText("The connection to the server is lost.").waitFor();
      const again = new MockServer({ page: join(folder, "web") });
      again.addRecording("while away.wav", sampleTranscript("en", 10, []), toneFile(1));
      await again.listen(Number(new URL(where).port));
      await page.getByRole("link", { name: "while away.wav" }).waitFor({ timeout: 15_000 });
      expect(await page.getByText("The connection to the server is lost.").count()).toBe(0);
      await page.context().close();
      await again.app.close();
      expect(problems.filter((problem) => !problem.includes("ERR_"))).toEqual([]);
    });

    it("asks for a key where the server wants one", async () => {
      const locked = new MockServer({ page: join(folder, "web"), key: "glossa_right" });
      const page = await open(await locked.listen());
      await page.getByLabel("Key").fill("glossa_wrong");
      await page.keyboard.press("Enter");
      await page.getByText("this key is not known").waitFor();
      await page.getByLabel("Key").fill("glossa_right");
      await page.keyboard.press("Enter");
      await page.getByText("Drop recordings or folders here").waitFor();
      await locked.app.close();
      // Two refusals stand in the console, and lost connections after the end.
      expect(problems.filter((problem) => !/401|ERR_/.test(problem))).toEqual([]);
    });

    describe("for everybody", () => {
      const places = (id: string) => ["", "#/live", "#/glossaries", "#/corrections", `#/job/${id}`];
      const views = [
        { colorScheme: "light", locale: "en-GB", viewport: { width: 1280, height: 900 } },
        { colorScheme: "dark", locale: "zh-CN", viewport: { width: 390, height: 844 } },
      ] as const;

      it.each(views)(
        "breaks no rule of accessibility, fits the window ($colorScheme, $locale)",
        async (view) => {
          const found: string[] = [];
          for (const place of places(talk)) {
            const page = await open(`${address}/${place}`, view);
            await page.locator("h1").first().waitFor({ state: "attached" });
            if (place.includes("job")) await page.locator("[data-word]").first().waitFor();
            found.push(...(await accessibilityProblems(page)).map((problem) => `${place} ${problem}`));
            if (place.includes("job")) {
              await page.locator("[data-word]").first().dblclick();
              found.push(...(await accessibilityProblems(page)).map((problem) => `editing ${problem}`));
            }
            const width = await page.evaluate("document.documentElement.scrollWidth");
            if (width !== view.viewport.width) found.push(`${place} is ${String(width)} wide`);
            await page.context().close();
          }
          expect(found).toEqual([]);
          expect(problems).toEqual([]);
        },
      );

      it("speaks the language of the browser, or the one chosen, and is light or dark as chosen", async () => {
        const page = await open(address, { locale: "zh-CN", colorScheme: "dark" });
        await page.getByText("把录音或文件夹拖到这里").waitFor();
        expect(await page.evaluate("document.documentElement.lang")).toBe("zh-Hans");
        const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
        expect(await ground()).toBe("rgb(19, 18, 17)");
        await page.getByRole("button", { name: "English" }).click();
        await page.getByText("Drop recordings or folders here").waitFor();
        await page.getByRole("button", { name: /^Colours/ }).click();
        expect(await ground()).toBe("rgb(246, 244, 239)");
        await page.reload();
        await page.getByText("Drop recordings or folders here").waitFor();
        expect(await ground()).toBe("rgb(246, 244, 239)");
        expect(problems).toEqual([]);
      });
    });
  },
);

/** How long it takes from a double click in the middle of the transcript until the field is there. */
function millisecondsToEdit(page: Page): Promise<number> {
  return page.evaluate<number>(`(async () => {
    scrollTo(0, document.body.scrollHeight / 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const words = [...document.querySelectorAll("[data-word]")];
    const word = words.find((word) => word.getBoundingClientRect().top > 200);
    const started = performance.now();
    word.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return document.querySelector("textarea") ? performance.now() - started : Infinity;
  })()`);
}
