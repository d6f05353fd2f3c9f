import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SystemFailure, SystemProcess } from "./system-process.ts";

it("reports why a system cannot be loaded", async () => {
  const scratchFolder = await mkdtemp(join(tmpdir(), "glossa-bench-"));
  try {
    const weights = {
      model: "no-such-model",
      id: "no-such-model",
      architecture: "whisper",
      files: {},
    } as const;
    const description = { name: "glossa", module: "glossa", beamSize: 1, cutsLongRecordings: true } as const;
    const started = SystemProcess.start(description, {
      weights,
      threads: 1,
      beamSize: 1,
      terms: [],
      scratchFolder,
    });
    await expect(started).rejects.toThrow(SystemFailure);
    await expect(started).rejects.toThrow(/no model "no-such-model"/);
  } finally {
    await rm(scratchFolder, { recursive: true, force: true });
  }
});
