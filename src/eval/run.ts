/**
 * Runs a recogniser over a data set and writes down what comes out, utterance by utterance.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, platform, arch } from "node:os";
import { GlossaError } from "../errors.ts";
import type { TermFinding } from "../recognise/options.ts";
import type { Recogniser } from "../recognise/recogniser.ts";
import type { Retriever, RetrieveOptions } from "../recognise/retriever.ts";
import type { Transcript } from "../transcript/transcript.ts";
import type { DataSet } from "./datasets/load-data-set.ts";
import type { Utterance } from "./datasets/utterance.ts";
import type { Perturber } from "./perturber.ts";
import type {
  Perturbation,
  RetrievalSettings,
  RunRecord,
  TermsProtocol,
  UtteranceRecord,
} from "./records.ts";
import { mostRecorded } from "./retrieval-metrics.ts";
import { RunFolder, type StoredRun } from "./run-folder.ts";
import { fingerprintOf, type TermLists } from "./term-lists.ts";

/** What a run needs of a recogniser. */
export type EvaluatedRecogniser = Pick<Recogniser, "stream">;

/** What a run needs to look for terms without recognising anything. */
export type EvaluatedRetriever = Pick<Retriever, "retrieve">;

/** One data set with one way of giving terms. */
export interface RunPlan {
  dataSet: DataSet;
  /** Those of the data set that are run. */
  utterances: readonly Utterance[];
  /** As the user names it. */
  model: string;
  /** Null takes the language of each utterance, and where it has none has it detected. */
  language: string | null;
  /** Null is the recogniser's default. */
  beamSize: number | null;
  protocol: TermsProtocol;
  /** Distractors per utterance; null where the protocol has none, or takes those of the data set. */
  listSize: number | null;
  terms: TermLists;
  seed: number;
  perturbation: Perturbation;
  perturber: Perturber;
  /** Left out for the recogniser's default. */
  findTerms?: TermFinding;
  /** Left out when recordings are recognised. */
  retrieval?: RetrievalSettings;
}

export interface RunProgress {
  /** Utterances that are done, with those of earlier sessions. */
  done: number;
  total: number;
  /** Of this session. */
  audioSecondsDone: number;
  /** Of this session; estimated where the data set does not say how long recordings are. */
  audioSecondsTotal: number;
}

export interface RunOptions {
  signal?: AbortSignal;
  onProgress?: (progress: RunProgress) => void;
}

/** The record that a run begins with. */
export function runRecordOf(plan: RunPlan): RunRecord {
  const { dataSet, utterances, terms, protocol } = plan;
  // Drawing all lists once beforehand also finds those that cannot be filled.
  const lists = utterances.map((utterance) => terms.of(utterance));
  const identity = utterances.map(({ id, audio, text, distractors }, index) => {
    return [id, audio, text, lists[index].own, distractors];
  });
  const mostDistractors = lists.reduce((most, { distractors = [] }) => Math.max(most, distractors.length), 0);
  return {
    version: 1,
    set: dataSet.name,
    settings: {
      source: dataSet.source,
      fingerprint: fingerprintOf(identity),
      model: plan.model,
      language: plan.language,
      beamSize: plan.beamSize,
      terms: protocol,
      listSize: protocol === "all" ? terms.allTerms.length : mostDistractors,
      listFingerprint: terms.fingerprint(),
      seed: plan.seed,
      perturbation: plan.perturbation,
      ...(plan.findTerms && { findTerms: plan.findTerms }),
      ...(plan.retrieval && { retrieval: plan.retrieval }),
    },
    utterances: utterances.length,
    allTerms: protocol === "all" ? [...terms.allTerms] : null,
    skipped: dataSet.skipped,
    glossaVersion: packageVersion(),
    machine: {
      node: process.version,
      platform: `${platform()} ${arch()}`,
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
    },
    startedAt: new Date().toISOString(),
    finishedAt: null,
    peakMemoryMegabytes: null,
  };
}

/**
 * Recognises what the folder does not hold yet. An utterance that fails is recorded with its error, and the run goes on.
 *
 * @returns all records, in the order of the plan
 * @throws GlossaError `invalid-argument` when the settings do not fit the model, the data set or the folder;
 *   `write-failed`; the signal's reason when aborted, with everything done so far kept in the folder
 */
export async function runDataSet(
  plan: RunPlan,
  engine: EvaluatedRecogniser | EvaluatedRetriever,
  folder: string,
  { signal, onProgress }: RunOptions = {},
): Promise<StoredRun> {
  const run = await RunFolder.open(folder, runRecordOf(plan));
  const left = plan.utterances.filter(({ id }) => !run.isDone(id));
  const progress = new ProgressCount(plan.utterances.length, left);
  let finishedAt: string | null = null;
  try {
    onProgress?.(progress.current());
    for (const utterance of left) {
      signal?.throwIfAborted();
      const record = await recordOf(utterance, plan, engine, signal);
      await run.append(record);
      onProgress?.(progress.advance(utterance, record.durationSeconds));
    }
    finishedAt = new Date().toISOString();
  } finally {
    // A session that had nothing to do says nothing about memory.
    const peak = left.length === 0 ? null : (process.resourceUsage().maxRSS * 1024) / 1e6;
    await run.update({ finishedAt, peakMemoryMegabytes: peak });
  }
  return run.stored(plan.utterances.map(({ id }) => id));
}

async function recordOf(
  utterance: Utterance,
  plan: RunPlan,
  engine: EvaluatedRecogniser | EvaluatedRetriever,
  signal: AbortSignal | undefined,
): Promise<UtteranceRecord> {
  const { id, audio, text, keywords, segments } = utterance;
  const { own, given, distractors } = plan.terms.of(utterance);
  const { speed = 1 } = plan.perturbation;
  const language = utterance.language ?? plan.language;
  const known = {
    id,
    audio,
    reference: text,
    terms: { own: [...own], listSize: given.length, ...(distractors && { distractors: [...distractors] }) },
    ...(keywords && { keywords: [...keywords] }),
    ...(segments && {
      referenceSegments: segments.map(({ start, end, text }) => ({
        start: start / speed,
        ...(end !== undefined && { end: end / speed }),
        text,
      })),
    }),
  };
  try {
    const input = plan.perturber.isIdle ? audio : await plan.perturber.apply(audio, id, signal);
    const started = performance.now();
    if ("retrieve" in engine) {
      const { retrieved, seconds } = await retrieve(engine, input, given, {
        language: plan.language ?? utterance.language,
        findTerms: plan.findTerms === "both" ? "both" : "sounds",
        signal,
      });
      return {
        ...known,
        language: language ?? "und",
        hypothesis: "",
        durationSeconds: (utterance.durationSeconds ?? seconds) / speed,
        computeSeconds: (performance.now() - started) / 1000,
        segments: [],
        termReports: [],
        retrieved,
        warnings: [],
      };
    }
    const transcript = await transcriptOf(
      engine.stream(input, {
        language: plan.language ?? utterance.language,
        beamSize: plan.beamSize ?? undefined,
        terms: given,
        findTerms: plan.findTerms,
        signal,
      }),
    );
    return {
      ...known,
      language: language ?? transcript.language,
      hypothesis: transcript.text,
      durationSeconds: transcript.durationSeconds,
      computeSeconds: (performance.now() - started) / 1000,
      segments: transcript.segments,
      termReports: transcript.terms.filter(({ status }) => status === "written"),
      warnings: transcript.warnings,
    };
  } catch (error) {
    signal?.throwIfAborted();
    // What does not fit the model fits none of the utterances.
    if (error instanceof GlossaError && error.code === "invalid-argument") throw error;
    return {
      ...known,
      language: language ?? "und",
      hypothesis: "",
      durationSeconds: (utterance.durationSeconds ?? 0) / speed,
      computeSeconds: 0,
      segments: [],
      termReports: [],
      warnings: [],
      error: {
        code: error instanceof GlossaError ? error.code : "unexpected",
        message: error instanceof Error ? error.message : String(error),
      },
    };
  }
}

/** Every term with any evidence, the likeliest first, at its likeliest place in the whole recording. */
async function retrieve(
  retriever: EvaluatedRetriever,
  input: Parameters<EvaluatedRetriever["retrieve"]>[0],
  given: readonly string[],
  options: Pick<RetrieveOptions, "language" | "findTerms" | "signal">,
): Promise<{ retrieved: NonNullable<UtteranceRecord["retrieved"]>; seconds: number }> {
  const terms = given.map((text) => ({ text, spokenForms: [], weight: 1 }));
  const best = new Map<string, NonNullable<UtteranceRecord["retrieved"]>[number]>();
  let seconds = 0;
  const stretches = retriever.retrieve(input, terms, { ...options, threshold: 0, most: mostRecorded });
  for await (const { kept, end: stretchEnd } of stretches) {
    seconds = stretchEnd;
    for (const { matches } of kept) {
      for (const { term, score, start, end } of matches) {
        const known = best.get(term.text);
        if (!known || known.score < score) best.set(term.text, { term: term.text, score, start, end });
      }
    }
  }
  const retrieved = [...best.values()].sort((a, b) => b.score - a.score).slice(0, mostRecorded);
  return { retrieved, seconds };
}

async function transcriptOf(events: ReturnType<EvaluatedRecogniser["stream"]>): Promise<Transcript> {
  for await (const event of events) {
    if (event.type === "transcript") return event.transcript;
  }
  throw new Error("The stream ended without a transcript.");
}

/** Counts seconds of audio; recordings of unknown length are taken for as long as the others on average. */
class ProgressCount {
  readonly #total: number;
  readonly #sessionTotal: number;
  #sessionDone = 0;
  #secondsDone = 0;
  #knownSecondsLeft: number;
  #unknownLeft: number;

  constructor(total: number, left: readonly Utterance[]) {
    this.#total = total;
    this.#sessionTotal = left.length;
    this.#knownSecondsLeft = left.reduce((sum, { durationSeconds = 0 }) => sum + durationSeconds, 0);
    this.#unknownLeft = left.filter(({ durationSeconds }) => durationSeconds === undefined).length;
  }

  advance(utterance: Utterance, actualSeconds: number): RunProgress {
    this.#sessionDone++;
    this.#secondsDone += actualSeconds;
    if (utterance.durationSeconds === undefined) this.#unknownLeft--;
    else this.#knownSecondsLeft -= utterance.durationSeconds;
    return this.current();
  }

  current(): RunProgress {
    const left = this.#sessionTotal - this.#sessionDone - this.#unknownLeft;
    const counted = this.#sessionDone + left;
    const mean = counted === 0 ? 0 : (this.#secondsDone + this.#knownSecondsLeft) / counted;
    return {
      done: this.#total - this.#sessionTotal + this.#sessionDone,
      total: this.#total,
      audioSecondsDone: this.#secondsDone,
      audioSecondsTotal: this.#secondsDone + this.#knownSecondsLeft + this.#unknownLeft * mean,
    };
  }
}

function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
