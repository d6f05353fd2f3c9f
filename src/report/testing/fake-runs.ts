/** Runs of a few utterances that no recogniser has heard, scored like real ones. */
import type { RunRecord, RunScore, RunSettings, UtteranceRecord } from "../../eval/records.ts";
import { scoreRun } from "../../eval/score-run.ts";

export interface FakeUtterance {
  id?: string;
  reference: string | null;
  hypothesis: string;
  terms?: string[];
  distractors?: string[];
  keywords?: string[];
  /** What was found by a run that recognised nothing. */
  retrieved?: UtteranceRecord["retrieved"];
  language?: string;
  error?: UtteranceRecord["error"];
}

export interface FakeRun {
  set?: string;
  settings?: Partial<RunSettings>;
  record?: Partial<RunRecord>;
  utterances: readonly FakeUtterance[];
}

/** Words take half a second each, without a pause. */
export function fakeRun({ set = "fake-set", settings, record, utterances }: FakeRun): RunScore {
  const run: RunRecord = {
    version: 1,
    set,
    settings: {
      source: `/data/${set}/manifest.jsonl`,
      fingerprint: "0",
      model: "fake-model",
      language: null,
      beamSize: 5,
      terms: "own",
      listSize: 0,
      listFingerprint: null,
      seed: 0,
      perturbation: {},
      ...settings,
    },
    utterances: utterances.length,
    allTerms: null,
    skipped: [],
    glossaVersion: "0.1.0",
    machine: { node: "20.19.0", platform: "linux x64", cpu: "Fake CPU", cores: 2 },
    startedAt: "2026-01-02T03:04:05.000Z",
    finishedAt: "2026-01-02T03:14:05.000Z",
    peakMemoryMegabytes: 500,
    ...record,
  };
  return scoreRun(
    utterances.map((utterance, index) => fakeRecord(utterance, index)),
    run,
  );
}

function fakeRecord(utterance: FakeUtterance, index: number): UtteranceRecord {
  const { id = `utterance-${index + 1}`, reference, hypothesis, language = "en" } = utterance;
  const words = hypothesis
    .split(/\s+/)
    .filter((text) => text !== "")
    .map((text, place) => ({ text, start: place / 2, end: (place + 1) / 2, confidence: 0.9 }));
  const durationSeconds = Math.max(1, words.length / 2);
  const segment = { start: 0, end: durationSeconds, text: hypothesis, confidence: 0.9, words };
  return {
    id,
    audio: `/data/audio/${id}.wav`,
    language,
    reference,
    hypothesis,
    durationSeconds,
    computeSeconds: durationSeconds / 10,
    terms: {
      own: utterance.terms ?? [],
      listSize: (utterance.terms?.length ?? 0) + (utterance.distractors?.length ?? 0),
      distractors: utterance.distractors ?? [],
    },
    keywords: utterance.keywords,
    segments: words.length === 0 ? [] : [segment],
    termReports: [],
    retrieved: utterance.retrieved,
    warnings: [],
    error: utterance.error,
  };
}
