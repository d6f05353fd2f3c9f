/**
 * What the benchmark and the process of a system say to each other: one request, one reply.
 */
import type { SystemDescription, SystemSettings } from "./systems/system.ts";

export type Request =
  | { type: "load"; module: SystemDescription["module"]; settings: SystemSettings }
  | { type: "transcribe"; samples: Float32Array; language: string }
  | { type: "measure-memory" };

export type Reply =
  | { type: "loaded"; seconds: number }
  | { type: "transcribed"; text: string; seconds: number }
  | { type: "memory"; peakMegabytes: number }
  | { type: "failed"; reason: string };
