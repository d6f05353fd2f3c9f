/**
 * From times and texts to the numbers that are printed.
 */
import { alignTokens } from "../src/eval/align.ts";
import { characterTokens, countErrors, errorRate, sumErrors } from "../src/eval/error-rates.ts";
import { normaliseForScoring } from "../src/text/normalise.ts";

export interface SystemResult {
  name: string;
  /** Seconds of audio for each second of computing, median over rounds. */
  speed: number;
  /** Percent; null where the languages are not counted by words. */
  wer: number | null;
  /** Percent. */
  cer: number | null;
  peakMemoryMegabytes: number;
  loadSeconds: number;
}

export interface Results {
  /** How many times faster Glossa's greedy search was than each peer: median over rounds. */
  ratios: Record<string, number>;
  /** The smallest and the largest of these ratios. */
  ratioRanges: Record<string, { minimum: number; maximum: number }>;
  model: string;
  manifest: string;
  utterances: number;
  audioSeconds: number;
  rounds: number;
  threads: number;
  systems: SystemResult[];
  /** Peers that are not in the table, and why. */
  leftOut: { name: string; reason: string }[];
}

/** The middle value; the mean of the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How many times longer the peer computed than Glossa, round by round. */
export function pairedRatios(glossaSeconds: readonly number[], peerSeconds: readonly number[]) {
  const ratios = peerSeconds.map((seconds, round) => seconds / glossaSeconds[round]!);
  return { median: median(ratios), minimum: Math.min(...ratios), maximum: Math.max(...ratios) };
}

/** Languages whose words are not set apart by spaces: their rate is over the tokens of `normaliseForScoring`. */
const countedByCharacters = new Set(["zh", "yue", "ja", "th", "lo", "my", "km"]);

/** Word and character error rate of a whole set, in percent (docs/metrics.md). */
export function errorRates(
  references: readonly { text: string; language: string }[],
  hypotheses: readonly string[],
): { wer: number | null; cer: number | null } {
  const counts = { words: [], characters: [] } as Record<string, ReturnType<typeof countErrors>[]>;
  for (const [index, { text, language }] of references.entries()) {
    const pair = [text, hypotheses[index]!].map((side) => normaliseForScoring(side, language)) as [
      string[],
      string[],
    ];
    const wide = countedByCharacters.has(language.split("-")[0]!);
    if (!wide) counts.words!.push(countErrors(alignTokens(...pair)));
    const characters = wide ? pair : (pair.map(characterTokens) as [string[], string[]]);
    counts.characters!.push(countErrors(alignTokens(...characters)));
  }
  return { wer: errorRate(sumErrors(counts.words!)), cer: errorRate(sumErrors(counts.characters!)) };
}

/** The table for a terminal. */
export function formatTable(results: Results): string {
  const { systems, ratios, ratioRanges } = results;
  const rows = systems.map(({ name, speed, wer, cer, peakMemoryMegabytes, loadSeconds }) => {
    const range = ratioRanges[name];
    return [
      name,
      `${speed.toFixed(1)} ×`,
      range ? `${two(ratios[name]!)} (${two(range.minimum)}–${two(range.maximum)})` : "",
      percent(wer),
      percent(cer),
      `${peakMemoryMegabytes.toFixed(0)} MB`,
      `${loadSeconds.toFixed(1)} s`,
    ];
  });
  const header = ["", "real time", "Glossa faster by", "WER", "CER", "peak memory", "loading"];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (row: string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join("  ");
  const minutes = (results.audioSeconds / 60).toFixed(1);
  const lines = [
    `${results.model}, ${results.manifest}: ${results.utterances} recordings, ${minutes} minutes; ` +
      `${results.rounds} rounds, ${results.threads} threads`,
    "",
    line(header),
    ...rows.map(line),
  ];
  if (results.leftOut.length > 0) lines.push("");
  for (const { name, reason } of results.leftOut) lines.push(`${name} is left out: ${reason}`);
  return `${lines.join("\n")}\n`;
}

function two(value: number): string {
  return value.toFixed(2);
}

function percent(rate: number | null): string {
  return rate === null ? "–" : `${rate.toFixed(2)} %`;
}
