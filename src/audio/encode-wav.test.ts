import { describe, expect, it } from "vitest";
import { encodeWav } from "./encode-wav.ts";
import { readSamples } from "./read-samples.ts";

describe("WAV files", () => {
  it("hold samples that are read back", async () => {
    const samples = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin(i / 9) / 2);
    const read = await readSamples(encodeWav(samples, 16_000));
    expect(read.length).toBe(samples.length);
    for (const [i, sample] of read.entries()) expect(Math.abs(sample - samples[i]!)).toBeLessThan(1e-4);
  });

  it("cut off what is too loud", async () => {
    const read = await readSamples(encodeWav(Float32Array.of(2, -2), 16_000));
    expect(read[0]).toBeCloseTo(1, 3);
    expect(read[1]).toBeCloseTo(-1, 3);
  });

  it("are read up to a limit", async () => {
    const read = await readSamples(encodeWav(new Float32Array(160_000), 16_000), { mostSamples: 1000 });
    expect(read.length).toBeGreaterThan(1000);
    expect(read.length).toBeLessThan(160_000);
  });
});
