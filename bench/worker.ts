/**
 * The process of one system: loads it, transcribes what it is sent, and says how long that took. Its clock runs here, so
 * that sending the samples costs nobody anything.
 */
import { readFile } from "node:fs/promises";
import type { Reply, Request } from "./messages.ts";
import type { LoadSystem, System } from "./systems/system.ts";

let system: System;

async function answer(request: Request): Promise<Reply> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  switch (request.type) {
    case "load": {
      const { load } = (await import(`./systems/${request.module}.ts`)) as { load: LoadSystem };
      system = await load(request.settings);
      return { type: "loaded", seconds: seconds() };
    }
    case "transcribe": {
      const text = await system.transcribe(request.samples, request.language);
      return { type: "transcribed", text, seconds: seconds() };
    }
    case "measure-memory":
      return { type: "memory", peakMegabytes: await peakMegabytes() };
  }
}

/** Most memory that was resident at once, in 10⁶ bytes. */
async function peakMegabytes(): Promise<number> {
  // What `resourceUsage` reports on Linux begins with the parent's peak; the kernel's own mark does not.
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const kibibytes = Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
  return (kibibytes * 1024) / 1e6;
}

process.on("message", (request: Request) => {
  answer(request).then(
    (reply) => process.send!(reply),
    (error: unknown) => process.send!({ type: "failed", reason: String(error) } satisfies Reply),
  );
});
// The benchmark is gone: nobody is left to answer.
process.on("disconnect", () => process.exit());
