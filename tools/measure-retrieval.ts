/**
 * How long the search for terms takes beside the encoder that hears the speech, for lists of a thousand to a million terms:
 *
 *     npx tsx tools/measure-retrieval.ts whisper-small ../shared/data/en-lj001-long/audio/LJ001-0001_to_LJ001-0186.opus \
 *       ../shared/data/lists/all_rare_words.txt ../shared/data/lists/zh_rare_words.txt
 *
 * Where the files hold too few, lists are filled up with pairs of their words. Prints medians and 90th percentiles for ten seconds of speech.
 */
import { readFileSync } from "node:fs";
import type { Term } from "../src/context/term.ts";
import { readSamples } from "../src/audio/read-samples.ts";
import { randomGenerator } from "../src/random.ts";
import { loadFrameSource } from "../src/recognise/load-model.ts";
import { shippedHeadFolder } from "../src/retrieval/head-files.ts";
import { type LabelScores, labelScores, LetterHead } from "../src/retrieval/letter-head.ts";
import { TermSpotter } from "../src/retrieval/term-spotter.ts";

const [model, recording, ...lists] = process.argv.slice(2);
if (lists.length === 0) throw new Error("Usage: measure-retrieval MODEL RECORDING TERM_LIST…");
const sizes = [1_000, 10_000, 100_000, 1_000_000];
const sampleRate = 16_000;
const [windowSeconds, mostWindows] = [10, 40];

const quantile = (values: number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;
const both = (values: number[]) =>
  `${quantile(values, 0.5).toFixed(1).padStart(7)} ms, 90 % ${quantile(values, 0.9).toFixed(1)}`;

const words = lists.flatMap((list) =>
  readFileSync(list, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== ""),
);
if (new Set(words).size < 2000)
  throw new Error("The lists hold too few words for a million pairs: at least 2,000.");
const random = randomGenerator(1);
const oneOf = () => words[Math.floor(random() * words.length)]!;

/** Different terms, drawn; pairs of words where there are not enough. */
function drawn(size: number): Term[] {
  const found = new Set<string>();
  while (found.size < Math.min(size, words.length / 2)) found.add(oneOf());
  while (found.size < size) found.add(`${oneOf()} ${oneOf()}`);
  return [...found].map((text) => ({ text, spokenForms: [], weight: 1 }));
}

await using source = await loadFrameSource({ model: model! });
await using head = await LetterHead.load(shippedHeadFolder(model!));
const samples = await readSamples(recording!);
const windows: LabelScores[] = [];
const [encoding, heading]: [number[], number[]] = [[], []];
for (
  let start = 0;
  start < samples.length && windows.length < mostWindows;
  start += windowSeconds * sampleRate
) {
  const window = samples.subarray(start, start + windowSeconds * sampleRate);
  if (window.length < windowSeconds * sampleRate) break;
  const [before, frames] = [performance.now(), await source.encode(window)];
  encoding.push(performance.now() - before);
  const from = performance.now();
  const { logits, places } = await labelScores(head, source, frames);
  heading.push(performance.now() - from);
  windows.push({ logits: Float32Array.from(logits), places });
  frames[Symbol.dispose]();
}
console.log(`${model}, ${windows.length} windows of ${windowSeconds} s`);
console.log(`encoder         ${both(encoding)}`);
console.log(`letter head     ${both(heading)}`);
for (const size of sizes) {
  const terms = drawn(size);
  const before = performance.now();
  const spotter = new TermSpotter(terms, head.labels);
  const making = performance.now() - before;
  const times = windows.map(({ logits, places }) => {
    const from = performance.now();
    spotter.spot(logits, places, head.placeSeconds);
    return performance.now() - from;
  });
  console.log(
    `${String(size).padStart(9)} terms ${both(times)}; made ready in ${(making / 1000).toFixed(1)} s`,
  );
}
