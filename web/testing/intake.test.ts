/** The page in a real browser: recordings, terms and documents on their way to a server that makes its texts up. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { textOf, useMockPage } from "./mock-page.ts";
import { MockServer } from "./mock-server.ts";
import { chromiumPath, eventually } from "./page-browser.ts";
import { sampleTranscript } from "./sample-transcripts.ts";
import { toneFile } from "./tone.ts";

describe.skipIf(chromiumPath === undefined)(
  "what the page takes (skipped where Chromium is missing)",
  { timeout: 120_000 },
  () => {
    const { open, problems, mock } = useMockPage();

    it("takes a file with terms, shows the text come, and keeps it in the history", async () => {
      const page = await open(mock.address);
      await page.getByLabel("Terms, one a line").fill("LoRA\nQwen2-VL");
      await eventually(() => page.getByText("2 terms").isVisible()).toBe(true);
      await page.locator("input[type=file][multiple]").first().setInputFiles(join(mock.folder, "talk.wav"));
      await page.getByRole("link", { name: "talk.wav" }).click();
      await page.locator("[data-segment]").first().waitFor();
      expect(await textOf(page, 0)).toBe("We fine-tuned Qwen2-VL with LoRA on a single card.");
      await page.getByRole("button", { name: "Export" }).waitFor();
      await page.getByRole("link", { name: "Transcribe", exact: true }).click();
      await page.getByLabel("Search names and texts").fill("okonkwo");
      await page.locator("mark", { hasText: "Okonkwo" }).first().waitFor();
      await page.getByLabel("Search names and texts").fill("nowhere to be found");
      await page.getByText("Nothing found.").waitFor();
      expect(problems).toEqual([]);
    });

    it("takes a dropped folder, and of it only what can be a recording", async () => {
      const recordings = join(mock.folder, "recordings");
      await mkdir(join(recordings, "deeper"), { recursive: true });
      await writeFile(join(recordings, "one.wav"), toneFile(1));
      await writeFile(join(recordings, "deeper/two.wav"), toneFile(1));
      await writeFile(join(recordings, "notes.txt"), "nothing to hear");
      const page = await open(mock.address);
      await page.locator("input[webkitdirectory]").setInputFiles(recordings);
      await page.getByRole("link", { name: "one.wav" }).waitFor();
      await page.getByRole("link", { name: "two.wav" }).waitFor();
      await page.getByText("1 file left out").waitFor();
      expect(await page.getByRole("link", { name: "notes.txt" }).count()).toBe(0);
      expect(problems).toEqual([]);
    });

    it("goes on with an upload after the connection broke", async () => {
      const page = await open(mock.address);
      mock.server.uploads.failNextChunk = true;
      await page
        .locator("input[type=file][multiple]")
        .first()
        .setInputFiles({ name: "interrupted.wav", mimeType: "audio/wav", buffer: toneFile(5) });
      await page.getByRole("link", { name: "interrupted.wav" }).waitFor();
      // The refusal itself stands in the console.
      expect(problems).toEqual([expect.stringContaining("503")]);
    });

    it("says why a recording failed, and tries again", async () => {
      const page = await open(mock.address);
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
      const page = await open(mock.address);
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

    it("takes recordings dropped anywhere, and goes on when the server comes back", async () => {
      const restarted = new MockServer({ page: join(mock.folder, "web") });
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
      const again = new MockServer({ page: join(mock.folder, "web") });
      again.addRecording("while away.wav", sampleTranscript("en", 10, []), toneFile(1));
      await again.listen(Number(new URL(where).port));
      await page.getByRole("link", { name: "while away.wav" }).waitFor({ timeout: 15_000 });
      expect(await page.getByText("The connection to the server is lost.").count()).toBe(0);
      await page.context().close();
      await again.app.close();
      expect(problems.filter((problem) => !problem.includes("ERR_"))).toEqual([]);
    });

    it("asks for a key where the server wants one", async () => {
      const locked = new MockServer({ page: join(mock.folder, "web"), key: "glossa_right" });
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
  },
);
