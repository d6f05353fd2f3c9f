/** The page in a real browser, for everybody: with the keyboard, by the rules of accessibility, in both languages. */
import { describe, expect, it } from "vitest";
import { useMockPage } from "./mock-page.ts";
import { accessibilityProblems, chromiumPath, eventually } from "./page-browser.ts";

describe.skipIf(chromiumPath === undefined)(
  "the page (skipped where Chromium is missing)",
  { timeout: 120_000 },
  () => {
    const { open, openTalk, problems, mock } = useMockPage();

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
          for (const place of places(mock.talk)) {
            const page = await open(`${mock.address}/${place}`, view);
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
        const page = await open(mock.address, { locale: "zh-CN", colorScheme: "dark" });
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
