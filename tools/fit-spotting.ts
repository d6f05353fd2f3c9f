/**
 * Fits the curve of `src/retrieval/term-spotter.ts` and scores retrieval: for every utterance, its own terms among distractors.
 *
 *     npx tsx tools/fit-spotting.ts whisper-base 100,1000,5000 \
 *       ../shared/data/en-lj001,../shared/data/lists/all_rare_words.txt \
 *       ../shared/data/zh-aishell-s0150,../shared/data/lists/zh_rare_words.txt
 *
 * Fits on every second utterance of all sets and list sizes together, and scores on the others of each, with the weights in the
 * source and with those fitted. With GLOSSA_FIRST_PASSES=FOLDER also fits and scores both opinions together (`src/retrieval/fuse.ts`), the
 * first pass being the same model's, greedy and without terms; it is kept in the folder. GLOSSA_SCORES=FOLDER keeps what a head makes of the
 * recordings there, so that the next time needs no encoder. A head that is not the shipped one: `whisper-base:FOLDER`. A third name of a set, `text`, takes the
 * terms of the list that make up the whole text ("A frog.") as its own.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Term } from "../src/context/term.ts";
import { retrievalSums } from "../src/eval/retrieval-metrics.ts";
import { metricDefinitions } from "../src/eval/metric-definitions.ts";
import { randomGenerator } from "../src/random.ts";
import { createRetriever, type Retriever } from "../src/recognise/retriever.ts";
import { CtcLabels } from "../src/retrieval/ctc-labels.ts";
import { fuse, type FusedMatch, fusionFeatures, fusionWeights } from "../src/retrieval/fuse.ts";
import { readHeadDescription } from "../src/retrieval/head-files.ts";
import type { HeardWord } from "../src/retrieval/heard-words.ts";
import { TermMatcher } from "../src/retrieval/term-matcher.ts";
import {
  type SpottedEvidence,
  spottingFeatures,
  spottingWeights,
  TermSpotter,
} from "../src/retrieval/term-spotter.ts";
import { writtenFits } from "../src/retrieval/written-words.ts";
import { firstPasses } from "./first-passes.ts";
import { fitLogistic, probability } from "./logistic.ts";

interface Spoken {
  /** Of the first pass; empty without one. */
  readonly words: readonly HeardWord[];
  readonly own: ReadonlySet<string>;
  readonly text: string;
  readonly windows: readonly { logits: Float32Array; places: number; start: number }[];
}

interface Searched {
  readonly own: ReadonlySet<string>;
  /** The best sighting of each term: the one with the highest score under given weights. */
  readonly sightings: ReadonlyMap<string, readonly SpottedEvidence[]>;
  readonly fused: readonly FusedMatch[];
}

const [modelAndHead, sizesText, ...sets] = process.argv.slice(2);
if (modelAndHead === undefined || sets.length === 0) {
  throw new Error("Usage: fit-spotting MODEL[:HEAD] SIZES DATA_SET,DISTRACTORS[,text]…");
}
const [model, head] = modelAndHead.split(":") as [string, string?];
const sizes = sizesText!.split(",").map(Number);
const headFolder = head ?? join(dirname(new URL(import.meta.url).pathname), `../models/letters-${model}`);
const description = await readHeadDescription(headFolder, "ctc-head");
const labels = new CtcLabels(description.labels);
const placeSeconds = description.stack / description.outputs / description.frameRate;

let retriever: Retriever | null = null;
const all: { name: string; size: number; utterances: Searched[] }[] = [];
for (const set of sets) {
  const [folder, list, kind] = set.split(",") as [string, string, string?];
  const pool = readFileSync(list, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const spoken = await hear(folder, kind === "text" ? pool : null);
  for (const size of kind === "text" ? [pool.length] : sizes) {
    const random = randomGenerator(size);
    all.push({ name: folder, size, utterances: spoken.map((one) => search(one, pool, size, random)) });
  }
}
await (retriever as Retriever | null)?.[Symbol.asyncDispose]();
const half = (utterances: readonly Searched[], remainder: number) =>
  utterances.filter((_, i) => i % 2 === remainder);
const samples = all.flatMap(({ utterances }) =>
  half(utterances, 0).flatMap(({ own, sightings }) =>
    [...sightings].flatMap(([term, found]) =>
      found.map((evidence) => ({ features: spottingFeatures(evidence), label: own.has(term) ? 1 : 0 })),
    ),
  ),
);
const fitted = fitLogistic(samples);
const fusedSamples = all.flatMap(({ utterances }) =>
  half(utterances, 0).flatMap(({ own, fused }) =>
    fused.map(({ term, evidence }) => ({
      features: fusionFeatures(evidence),
      label: own.has(term.text) ? 1 : 0,
    })),
  ),
);
const fittedFusion = fusedSamples.length === 0 ? null : fitLogistic(fusedSamples);
if (fittedFusion)
  console.log("both opinions fitted:", fittedFusion.map((weight) => weight.toFixed(3)).join(", "));
console.log("weights fitted:", fitted.map((weight) => weight.toFixed(3)).join(", "));
for (const { name, size, utterances } of all) {
  console.log(`\n${name}, ${size} distractors: ${half(utterances, 1).length} utterances`);
  const test = half(utterances, 1);
  for (const [what, weights] of [
    ["sounds, weights in the source", spottingWeights],
    ["sounds, fitted", fitted],
  ] as const) {
    report(
      what,
      rankedBy(test, ({ sightings }) =>
        [...sightings].flatMap(([term, places]) =>
          places.map((one) => [term, probability(spottingFeatures(one), weights)] as const),
        ),
      ),
    );
  }
  if (!fittedFusion) continue;
  for (const [what, weights] of [
    ["both opinions, weights in the source", fusionWeights],
    ["both opinions, fitted", fittedFusion],
  ] as const) {
    report(
      what,
      rankedBy(test, ({ fused }) =>
        fused.map(
          ({ term, evidence }) => [term.text, probability(fusionFeatures(evidence), weights)] as const,
        ),
      ),
    );
  }
}

/** What the head makes of a recording, window by window; from the folder of scores where it was heard before. */
async function windowsOf(audio: string): Promise<Spoken["windows"]> {
  const folder = process.env.GLOSSA_SCORES;
  const name = createHash("sha256").update(`${headFolder} ${audio}`).digest("hex").slice(0, 24);
  const [index, values] = [join(folder ?? "", `${name}.json`), join(folder ?? "", `${name}.f32`)];
  if (folder !== undefined && existsSync(index)) {
    const bytes = readFileSync(values);
    const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    let at = 0;
    return (JSON.parse(readFileSync(index, "utf8")) as { places: number; start: number }[]).map((window) => {
      const logits = all.subarray(at, (at += window.places * labels.count));
      return { ...window, logits };
    });
  }
  retriever ??= await createRetriever({ model, head });
  const windows: Spoken["windows"][number][] = [];
  for await (const { scores, start } of retriever.retrieve(audio, [])) windows.push({ ...scores, start });
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      values,
      Buffer.concat(windows.map(({ logits }) => new Uint8Array(Float32Array.from(logits).buffer))),
    );
    writeFileSync(index, JSON.stringify(windows.map(({ places, start }) => ({ places, start }))));
  }
  return windows;
}

async function hear(folder: string, glossary: readonly string[] | null): Promise<Spoken[]> {
  const rows = readFileSync(join(folder, "manifest.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const passes = process.env.GLOSSA_FIRST_PASSES === undefined ? null : await firstPasses(folder, model);
  const heard: Spoken[] = [];
  for (const [i, row] of rows.entries()) {
    const {
      audio,
      text,
      terms,
      rare_words: rareWords,
    } = JSON.parse(row) as Record<string, string & string[]>;
    const plain = (words: string) =>
      words
        .toLowerCase()
        .replace(/^(?:an?|the) /, "")
        .replace(/[^\p{L}\p{N}]/gu, "");
    const own = glossary
      ? glossary.filter((term) => plain(term) === plain(text!))
      : (terms ?? rareWords ?? []);
    if (own.length === 0) continue;
    const windows = await windowsOf(join(folder, audio!));
    heard.push({ own: new Set(own), text: text!, windows, words: passes?.[i]!.words ?? [] });
  }
  return heard;
}

function search(
  { own, text, windows, words }: Spoken,
  pool: readonly string[],
  size: number,
  random: () => number,
): Searched {
  const others = new Set<string>();
  const said = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}']+/gu, " ")} `;
  if (size >= pool.length) for (const term of pool) others.add(term);
  while (others.size < Math.min(size, pool.length)) {
    const other = pool[Math.floor(random() * pool.length)]!;
    const isSaid = /\p{Script=Han}/u.test(other)
      ? said.includes(other)
      : said.includes(` ${other.toLowerCase()} `);
    if (!own.has(other) && !isSaid) others.add(other);
  }
  const terms: Term[] = [...new Set([...own, ...others])].map((term) => ({
    text: term,
    spokenForms: [],
    weight: 1,
  }));
  const spotter = new TermSpotter(terms, labels);
  const sightings = new Map<string, SpottedEvidence[]>();
  for (const { logits, places } of windows) {
    for (const { term, evidence } of spotter.search(logits, places)) {
      sightings.set(term.text, [...(sightings.get(term.text) ?? []), evidence]);
    }
  }
  const places = windows.flatMap(({ logits, places, start }) =>
    spotter.spot(logits, places, placeSeconds, start),
  );
  const written = windows.flatMap((window) =>
    writtenFits(
      words.filter(
        ({ start }) => start >= window.start && start < window.start + window.places * placeSeconds,
      ),
      window,
      labels,
      placeSeconds,
      window.start,
    ),
  );
  const fused = words.length === 0 ? [] : fuse(places, new TermMatcher(terms).match([words]), written);
  return { own, sightings, fused };
}

/** Metrics at several thresholds and at most 20 terms, on the utterances that were not fitted. */
function report(
  name: string,
  ranked: readonly { own: readonly string[]; found: readonly { key: string; score: number }[] }[],
): void {
  const value = (metric: keyof ReturnType<typeof retrievalSums>, threshold: number) => {
    const sums = ranked.map(({ own, found }) => retrievalSums(own, found, { threshold, most: 20 })[metric]);
    const total = sums.reduce((sum, next) => sum.map((part, i) => part + next[i]!));
    return (metricDefinitions[metric].statistic(total) ?? NaN).toFixed(1).padStart(6);
  };
  console.log(
    `  ${name}: top-1 ${value("topOneRecall", 0)}, recall at true + 5 ${value("recallAtTruePlusFive", 0)}`,
  );
  for (const threshold of [0.005, 0.02, 0.1, 0.3, 0.5, 0.7]) {
    console.log(
      `    ${threshold.toFixed(3)}: recall ${value("retrievalRecall", threshold)}, precision ${value("retrievalPrecision", threshold)}, F1 ${value("retrievalF1", threshold)}, kept ${value("termsKept", threshold)}`,
    );
  }
}

/** Terms by their best score, the highest first. */
function rankedBy(
  utterances: readonly Searched[],
  scoresOf: (utterance: Searched) => Iterable<readonly [term: string, score: number]>,
) {
  return utterances.map((utterance) => {
    const best = new Map<string, number>();
    for (const [term, score] of scoresOf(utterance)) best.set(term, Math.max(best.get(term) ?? 0, score));
    const found = [...best].map(([key, score]) => ({ key, score })).sort((a, b) => b.score - a.score);
    return { own: [...utterance.own], found };
  });
}
