/**
 * Measures Glossa and other recognisers on the same recordings, with the same weights, in one run:
 *
 *     npm run bench:peers -- --model whisper-base --manifest FILE
 *
 * See docs/benchmarks.md.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GlossaError } from "../src/errors.ts";
import { alternate } from "./alternate.ts";
import { installPeers } from "./install-peers.ts";
import { readUtterances, secondsOf, type Utterance } from "./manifest.ts";
import { errorRates, formatTable, median, pairedRatios, type Results } from "./results.ts";
import { readSettings, usage, type Settings } from "./settings.ts";
import { SystemFailure, SystemProcess } from "./system-process.ts";
import { chooseSystems } from "./systems/choose-systems.ts";
import type { Weights } from "./systems/system.ts";
import { resolveWeights } from "./weights.ts";

async function main(): Promise<void> {
  const settings = readSettings();
  if (!settings) return void process.stdout.write(usage);
  const weights = await resolveWeights(settings.model);
  const utterances = await readUtterances(settings.manifest, settings.limit);
  await installPeers();
  const scratchFolder = await mkdtemp(join(tmpdir(), "glossa-bench-"));
  const processes: SystemProcess[] = [];
  try {
    const results = await measure(settings, weights, utterances, scratchFolder, processes);
    showProgress("");
    process.stdout.write(settings.json ? `${JSON.stringify(results, null, 2)}\n` : formatTable(results));
  } finally {
    for (const started of processes) started[Symbol.dispose]();
    await rm(scratchFolder, { recursive: true, force: true });
  }
}

/** @param processes receives every process that was started, for the caller to end */
async function measure(
  settings: Settings,
  weights: Weights,
  utterances: readonly Utterance[],
  scratchFolder: string,
  processes: SystemProcess[],
): Promise<Results> {
  const { beam, rounds, threads } = settings;
  const terms = settings.terms === null ? [] : await readTermList(settings.terms);
  const longestSeconds = Math.max(...utterances.map(secondsOf));
  const { glossa, peers, leftOut } = chooseSystems(weights.architecture, beam, longestSeconds, terms.length);
  const giveUp = (name: string, reason: string) => {
    // Without Glossa there is nothing to compare with.
    if (glossa.some((ours) => ours.name === name))
      throw new GlossaError("runtime-failed", `${name}: ${reason}`);
    leftOut.push({ name, reason });
  };

  for (const description of [...glossa, ...peers]) {
    const { name, beamSize, takesTerms = false } = description;
    showProgress(`loading ${name}`);
    const ownFolder = join(scratchFolder, `${description.module}${beamSize}${takesTerms ? "-terms" : ""}`);
    await mkdir(ownFolder);
    try {
      const systemSettings = {
        weights,
        threads,
        beamSize,
        terms: takesTerms ? terms : [],
        scratchFolder: ownFolder,
      };
      processes.push(await SystemProcess.start(description, systemSettings));
    } catch (error) {
      if (!(error instanceof SystemFailure)) throw error;
      giveUp(name, error.message);
    }
  }
  const { measurements, failures } = await alternate(processes, utterances, rounds, showProgress);
  for (const [{ name }, reason] of failures) giveUp(name, reason);

  const audioSeconds = utterances.reduce((sum, utterance) => sum + secondsOf(utterance), 0);
  const { manifest } = settings;
  const counted = {
    model: weights.id,
    manifest,
    utterances: utterances.length,
    audioSeconds,
    rounds,
    threads,
  };
  const results: Results = { ratios: {}, ratioRanges: {}, ...counted, systems: [], leftOut };
  const [greedyGlossa] = measurements.values();
  for (const [system, { texts, roundSeconds }] of measurements) {
    results.systems.push({
      name: system.name,
      speed: median(roundSeconds.map((seconds) => audioSeconds / seconds)),
      ...errorRates(utterances, texts),
      peakMemoryMegabytes: await system.peakMemoryMegabytes(),
      loadSeconds: system.loadSeconds,
    });
    if (glossa.includes(system.description)) continue;
    const { median: ratio, minimum, maximum } = pairedRatios(greedyGlossa!.roundSeconds, roundSeconds);
    results.ratios[system.name] = ratio;
    results.ratioRanges[system.name] = { minimum, maximum };
  }
  return results;
}

async function readTermList(path: string): Promise<string[]> {
  try {
    const lines = (await readFile(path, "utf8")).split(/\r?\n/u);
    return lines.map((line) => line.trim()).filter((line) => line !== "");
  } catch (cause) {
    throw new GlossaError("invalid-argument", `--terms: ${path} cannot be read.`, { cause });
  }
}

/** One line that replaces itself, for a person who watches. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

try {
  await main();
} catch (error) {
  const message = error instanceof GlossaError ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = error instanceof GlossaError && error.code === "invalid-argument" ? 2 : 1;
}
