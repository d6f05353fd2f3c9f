/**
 * Runs the systems in turns, so that whatever else the machine does falls on all of them alike.
 */
import { setTimeout } from "node:timers/promises";
import type { Utterance } from "./manifest.ts";
import { SystemFailure, type SystemProcess } from "./system-process.ts";

/**
 * Pause before every recording. ONNX Runtime's threads go on spinning for some 50 ms after their work, on the cores that
 * the next system needs.
 */
const pauseMilliseconds = 100;

/** Ten seconds. */
const warmUpSamples = 160_000;

export interface Measurement {
  /** What was recognised in the first round, by utterance. */
  texts: string[];
  /** Computing time of every round, in seconds. */
  roundSeconds: number[];
}

export interface Alternation {
  measurements: Map<SystemProcess, Measurement>;
  /** Systems that gave up on the way, and why. */
  failures: Map<SystemProcess, string>;
}

/**
 * Every round gives each recording to one system after the other, in the opposite order from round to round.
 * Only one system computes at a time. Each is given the beginning of the first recording before the clock starts.
 */
export async function alternate(
  systems: readonly SystemProcess[],
  utterances: readonly Utterance[],
  rounds: number,
  onProgress: (text: string) => void,
): Promise<Alternation> {
  const measurements = new Map<SystemProcess, Measurement>();
  const failures = new Map<SystemProcess, string>();
  for (const system of systems) measurements.set(system, { texts: [], roundSeconds: [] });

  async function turn(system: SystemProcess, { samples, language }: Utterance) {
    if (failures.has(system)) return null;
    await setTimeout(pauseMilliseconds);
    try {
      return await system.transcribe(samples, language);
    } catch (error) {
      if (!(error instanceof SystemFailure)) throw error;
      failures.set(system, error.message);
      measurements.delete(system);
      return null;
    }
  }

  for (const system of systems) {
    onProgress(`warming up ${system.name}`);
    const { samples, ...rest } = utterances[0]!;
    await turn(system, { samples: samples.subarray(0, warmUpSamples), ...rest });
  }
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? systems : [...systems].reverse();
    for (const measurement of measurements.values()) measurement.roundSeconds.push(0);
    for (const [index, utterance] of utterances.entries()) {
      for (const system of order) {
        onProgress(
          `round ${round + 1}/${rounds}, recording ${index + 1}/${utterances.length}: ${system.name}`,
        );
        const result = await turn(system, utterance);
        if (!result) continue;
        const measurement = measurements.get(system)!;
        measurement.roundSeconds[round]! += result.seconds;
        if (round === 0) measurement.texts.push(result.text);
      }
    }
  }
  return { measurements, failures };
}
