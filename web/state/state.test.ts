/** What the page works out before anything is sent or shown. */
import { describe, expect, it } from "vitest";
import { levelOf } from "../audio/microphone-level.ts";
import { toPcm, waveFile } from "../audio/wave-file.ts";
import { markedParts } from "../parts/marked-parts.ts";
import { routeOf } from "./route.ts";
import { isProse, termsOf } from "./term-lines.ts";
import { TimeLeft } from "./time-left.ts";

describe("the place in the page", () => {
  it("is read from the address", () => {
    expect(routeOf("")).toEqual({ page: "home" });
    expect(routeOf("#/job/job_1")).toEqual({ page: "job", id: "job_1" });
    expect(routeOf("#/compare/a/b")).toEqual({ page: "compare", id: "a", other: "b" });
    expect(routeOf("#/compare/a")).toEqual({ page: "home" });
    expect(routeOf("#/live")).toEqual({ page: "live" });
    expect(routeOf("#/job/%E0%A4%A")).toEqual({ page: "home" });
  });
});

describe("terms as typed", () => {
  it("stand one a line, each once, without remarks", () => {
    expect(termsOf("LoRA\r\n# remark\n\n  Qwen2-VL \nLoRA\n#hashtag")).toEqual([
      { text: "LoRA" },
      { text: "Qwen2-VL" },
      { text: "#hashtag" },
    ]);
  });

  it("are told from a text whose terms must be found first", () => {
    expect(isProse("LoRA\nQwen2-VL\nDr. Okonkwo of Lagos")).toBe(false);
    expect(isProse("We fine-tuned the model with low-rank adapters and measured how long it took.")).toBe(
      true,
    );
    expect(isProse("今天我们讨论微调。结果比预想的好。")).toBe(true);
    expect(isProse("通义千问\n低秩适配")).toBe(false);
    expect(isProse("")).toBe(false);
  });
});

describe("the time left", () => {
  it("follows from the speed of the last minute", () => {
    const left = new TimeLeft();
    left.add({ processedSeconds: 0, totalSeconds: 600 }, 0);
    expect(left.seconds).toBeNull();
    left.add({ processedSeconds: 30, totalSeconds: 600 }, 10_000);
    expect(left.seconds).toBeCloseTo(190);
    // Slower from now on: the beginning is forgotten after a while.
    for (let second = 20; second <= 120; second += 10) {
      left.add({ processedSeconds: 20 + second, totalSeconds: 600 }, second * 1000);
    }
    expect(left.seconds).toBeCloseTo(460);
  });

  it("is not known without a length, nor right after a job has begun again", () => {
    const left = new TimeLeft();
    left.add({ processedSeconds: 0, totalSeconds: null }, 0);
    left.add({ processedSeconds: 30, totalSeconds: null }, 10_000);
    expect(left.seconds).toBeNull();
    left.add({ processedSeconds: 5, totalSeconds: 600 }, 11_000);
    expect(left.seconds).toBeNull();
  });
});

describe("recordings made in the page", () => {
  it("are WAV files of 16-bit samples, clipped where too loud", async () => {
    const samples = toPcm(new Float32Array([0, 0.5, 1.5, -2]));
    expect([...samples]).toEqual([0, 16_384, 32_767, -32_767]);
    const bytes = Buffer.from(await waveFile([samples, samples], 16_000).arrayBuffer());
    expect(bytes.toString("latin1", 0, 4)).toBe("RIFF");
    expect(bytes.readUInt32LE(40)).toBe(16);
    expect(bytes.readUInt32LE(24)).toBe(16_000);
    expect(bytes.length).toBe(60);
    expect(bytes.readInt16LE(44 + 8 + 2)).toBe(16_384);
  });

  it("show their level in decibels", () => {
    expect(levelOf(new Float32Array(10))).toBe(0);
    expect(levelOf(new Float32Array(10).fill(1))).toBe(1);
    expect(levelOf(new Float32Array(10).fill(0.0316))).toBeCloseTo(0.5, 2);
    expect(levelOf(new Float32Array(10).fill(1e-6))).toBe(0);
  });
});

describe("a search", () => {
  it("marks what it found", () => {
    expect(markedParts("We tuned LoRA (again)", "lora (a")).toEqual([
      { part: "We tuned ", isMarked: false },
      { part: "LoRA", isMarked: true },
      { part: " ", isMarked: false },
      { part: "(a", isMarked: true },
      { part: "gain)", isMarked: false },
    ]);
    expect(markedParts("all", " ")).toEqual([{ part: "all", isMarked: false }]);
  });
});
