/** The page in a real browser: a transcript that is read, corrected and exported. */
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { terms, textOf, useMockPage } from "./mock-page.ts";
import { chromiumPath, eventually } from "./page-browser.ts";
import { sampleTranscript } from "./sample-transcripts.ts";
import { toneFile } from "./tone.ts";

describe.skipIf(chromiumPath === undefined)(
  "a transcript in the page (skipped where Chromium is missing)",
  { timeout: 120_000 },
  () => {
    const { open, openTalk, problems, mock } = useMockPage();

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
      expect(await textOf(page, 1)).toBe("The outcome was better than anybody had expected.");
      await page.getByText("1 segment corrected, saved").waitFor();
      expect(mock.server.correctionOf(mock.talk)![1]!.words.map((word) => word.text)).toContain("outcome");

      await page.keyboard.press("Control+z");
      expect(await textOf(page, 1)).toContain("The results were better");
      await eventually(() => mock.server.correctionOf(mock.talk)).toBeNull();
      await page.keyboard.press("Control+Shift+z");
      expect(await textOf(page, 1)).toContain("The outcome");
      await page.getByText("1 segment corrected, saved").waitFor();

      await page.reload();
      await page.locator("[data-word]").first().waitFor();
      expect(await textOf(page, 1)).toContain("The outcome");
      await page.locator('[data-segment="1"]').hover();
      await page.locator('[data-segment="1"] [data-edit]').click();
      await page.getByText("Recognised: The results were better").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Back to what was recognised" }).click();
      await eventually(() => mock.server.correctionOf(mock.talk)).toBeNull();
      expect(await textOf(page, 1)).toContain("The results");
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
      expect(await textOf(page, 0)).toBe("We fine-tuned Qwen2-VL");
      expect(await page.getByLabel("Text of the segment").inputValue()).toBe("with LoRA on a single card.");
      await page.keyboard.press("Backspace");
      await page.keyboard.press("Enter");
      expect(await textOf(page, 0)).toBe("We fine-tuned Qwen2-VL with LoRA on a single card.");
      expect(await page.locator("[data-segment]").count()).toBe(count);

      await page.keyboard.press("Control+h");
      await page.getByLabel("Find", { exact: true }).fill("okonkwo");
      await page.getByLabel("Replace by").fill("Adeyemi");
      const found = Number(/\d+/.exec((await page.getByText(/^\d+ found$/).textContent())!)![0]);
      expect(found).toBeGreaterThan(1);
      await page.getByRole("button", { name: "Replace all" }).click();
      await page.getByText(`${found} places replaced`).waitFor();
      expect(await textOf(page, 2)).toContain("Doctor Adeyemi measured");
      await page.getByRole("button", { name: "Undo" }).click();
      expect(await textOf(page, 2)).toContain("Doctor Okonkwo measured");
      await page.getByRole("button", { name: "Back to what was recognised" }).click();
      await eventually(() => mock.server.correctionOf(mock.talk)).toBeNull();
      expect(problems).toEqual([]);
    });

    it("says when a correction could not be saved, and tries again", async () => {
      const page = await openTalk();
      mock.server.failNextSave = true;
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
      await eventually(() => mock.server.correctionOf(mock.talk)).toBeNull();
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
      await eventually(() => mock.server.correctionOf(mock.talk)).toBeNull();
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

    it("stays quick with a transcript of three hours", async () => {
      const long = sampleTranscript("en", 3 * 3600, terms);
      const id = mock.server.addRecording("three hours.wav", long, toneFile(1));
      const page = await open(`${mock.address}/#/job/${id}`);
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
