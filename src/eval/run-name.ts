/** What the folder of a run is called. */
import type { RunPlan } from "./run.ts";

/**
 * `en-lj001_moonshine-tiny_own+distractors-100_noise-10dB`: what sets runs of one folder apart.
 *
 * @param taken names given before; the new one is added to them
 */
export function runName(plan: RunPlan, taken: Set<string>): string {
  const { protocol, listSize, beamSize, perturbation } = plan;
  const { speed, reverb, noise, snrDecibels, telephone } = perturbation;
  const parts = [
    plan.dataSet.name,
    plan.model,
    listSize === null ? protocol : `${protocol}-${listSize}`,
    plan.retrieval && "retrieval",
    plan.findTerms && `find-${plan.findTerms}`,
    beamSize !== null && `beam-${beamSize}`,
    speed !== undefined && `speed-${speed}`,
    reverb !== undefined && "reverb",
    noise !== undefined && `noise-${snrDecibels}dB`,
    telephone && "telephone",
  ];
  const stem = parts
    .filter((part) => typeof part === "string")
    .map((part) => part.replace(/[^\p{L}\p{N}+.-]+/gu, "-"))
    .join("_");
  let name = stem;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${stem}-${number}`;
  taken.add(name.toLowerCase());
  return name;
}
