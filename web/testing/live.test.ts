/** Live captions in a real browser, whose microphone hears a recording. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MockServer } from "./mock-server.ts";
import { chromiumPath, eventually, usePageBrowser } from "./page-browser.ts";
import { toneFile } from "./tone.ts";

describe.skipIf(chromiumPath === undefined)(
  "live captions (skipped where Chromium is missing)",
  { timeout: 120_000 },
  () => {
    let folder: string;
    let server: MockServer;
    let address: string;
    const { open, problems } = usePageBrowser(async () => {
      folder = await mkdtemp(join(tmpdir(), "glossa-live-"));
      const recording = join(folder, "microphone.wav");
      await writeFile(recording, toneFile(20, 48_000));
      return recording;
    });

    beforeAll(async () => {
      const page = join(folder, "web");
      await build({
        configFile: new URL("../vite.config.ts", import.meta.url).pathname,
        logLevel: "error",
        build: { outDir: page },
      });
      server = new MockServer({ page });
      address = await server.listen();
    }, 60_000);
    afterAll(async () => {
      await server?.app.close();
      await rm(folder, { recursive: true, force: true });
    });

    it("come while speech goes into the microphone, and are kept", async () => {
      const page = await open(`${address}/#/live`);
      await page.getByLabel("Terms, one a line").fill("LoRA");
      await page.getByRole("button", { name: "Start" }).click();
      const level = page.getByRole("meter", { name: "Level" });
      await eventually(async () => Number(await level.getAttribute("aria-valuenow"))).toBeGreaterThan(10);
      const captions = page.getByRole("log", { name: "Captions" });
      await captions.getByText("We fine-tuned Qwen2-VL with LoRA on").waitFor();
      await captions.locator(".interim").waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Keep and transcribe" }).waitFor();
      expect(await captions.locator(".interim").count()).toBe(0);

      await page.getByRole("button", { name: "Export" }).click();
      const download = page.waitForEvent("download");
      await page.getByRole("button", { name: /\.vtt/ }).click();
      expect(await readFile(await (await download).path(), "utf8")).toMatch(/^WEBVTT\n/);

      await page.getByRole("button", { name: "Keep and transcribe" }).click();
      await page.getByRole("link", { name: /^Recording .*\.wav$/ }).waitFor();
      // What was kept is what the microphone heard: seconds of a tone at 16 kHz.
      const [upload] = [...server.uploads.byId.values()];
      expect(upload!.data.readUInt32LE(24)).toBe(16_000);
      expect((upload!.data.length - 44) / 32_000).toBeGreaterThan(3);
      expect(loudest(upload!.data)).toBeGreaterThan(200);
      expect(problems).toEqual([]);
    });

    it("say so when they were stopped before anything was heard", async () => {
      const page = await open(`${address}/#/live`);
      await page.evaluate("MessagePort.prototype.start = () => {}");
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByText("Nothing was recorded").waitFor();
      expect(await page.getByRole("button", { name: "Keep and transcribe" }).count()).toBe(0);
      expect(problems).toEqual([]);
    });

    it("say what to do when the microphone is not allowed", async () => {
      const page = await open(`${address}/#/live`);
      await page.evaluate(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))",
      );
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByText("The browser does not allow the microphone.").waitFor();
      expect(problems).toEqual([]);
    });
  },
);

function loudest(wave: Buffer): number {
  let most = 0;
  for (let offset = 44; offset + 1 < wave.length; offset += 2) {
    most = Math.max(most, Math.abs(wave.readInt16LE(offset)));
  }
  return most;
}
