/** Records of runs for tests. */
import type { RunRecord, RunSettings, UtteranceRecord } from "../records.ts";

export function fakeRun(settings: Partial<RunSettings> = {}, more: Partial<RunRecord> = {}): RunRecord {
  return {
    version: 1,
    set: "set",
    settings: {
      source: "/data/set",
      fingerprint: "f",
      model: "fake-model",
      language: null,
      beamSize: null,
      terms: "own",
      listSize: 0,
      listFingerprint: "l",
      seed: 0,
      perturbation: {},
      ...settings,
    },
    utterances: 1,
    allTerms: null,
    skipped: [],
    glossaVersion: "0.0.0",
    machine: { node: "v20", platform: "linux", cpu: "cpu", cores: 2 },
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: null,
    peakMemoryMegabytes: null,
    ...more,
  };
}

export function fakeRecord(more: Partial<UtteranceRecord> = {}): UtteranceRecord {
  return {
    id: "a",
    audio: "/data/a.wav",
    language: "en",
    reference: "hello",
    hypothesis: "hello",
    durationSeconds: 10,
    computeSeconds: 2,
    terms: { own: [], listSize: 0, distractors: [] },
    segments: [],
    termReports: [],
    warnings: [],
    ...more,
  };
}
