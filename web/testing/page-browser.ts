/** A real Chromium for the tests of the page, and a page in it that notices whatever must not happen. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

export const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);

/** Starts the browser; `recording` is what its microphone hears, again and again. */
export function launchBrowser(recording?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      ...(recording ? [`--use-file-for-fake-audio-capture=${recording}`] : []),
    ],
  });
}

/** A browser for the tests of one file. */
export function usePageBrowser(recording?: () => Promise<string>): {
  open: (address: string, options?: BrowserContextOptions) => Promise<Page>;
  /** What must stay empty: errors, refusals by the content security policy, requests to elsewhere. */
  problems: string[];
} {
  const problems: string[] = [];
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser(await recording?.());
  }, 60_000);
  // Pages that stay open would be noticed by the tests after them.
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    problems.length = 0;
  });
  afterAll(() => browser?.close());
  return {
    problems,
    async open(address, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        locale: "en-GB",
        acceptDownloads: true,
        permissions: ["microphone", "clipboard-read", "clipboard-write"],
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      const { origin } = new URL(address);
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.origin !== origin && !/^(?:data|blob):$/.test(url.protocol)) problems.push(request.url());
      });
      await page.goto(address);
      return page;
    },
  };
}

/** Rules of the Web Content Accessibility Guidelines that the page breaks, as axe finds them. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // The content security policy forbids scripts in the page; the debugger may still put one there.
  const { default: axe } = await import("axe-core");
  await page.evaluate(axe.source);
  const violations = (await page.evaluate(`
    axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.flatMap(
      ({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html.slice(0, 160) + " — " + failureSummary),
    ))
  `)) as string[];
  return violations;
}

/** Waits until a check holds; for what the page shows a little later. */
export const eventually = <T>(check: () => Promise<T> | T) =>
  expect.poll(check, { timeout: 20_000, interval: 50 });
