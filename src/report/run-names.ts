/** What runs are called: in full, and by what sets them apart. */
import type { RunRecord, RunScore, RunSettings } from "../eval/records.ts";
import { describePerturbation } from "../eval/run-summary.ts";
import { count } from "./numbers.ts";

/** `own terms + 100 distractors`. */
export function protocolName({ terms, listSize }: Pick<RunSettings, "terms" | "listSize">): string {
  const size = count(listSize);
  switch (terms) {
    case "none":
      return "no terms";
    case "own":
      return "own terms";
    case "own+distractors":
      return `own terms + ${size} distractors`;
    case "distractors":
      return `only ${size} distractors`;
    case "all":
      return `all ${size} terms`;
  }
}

/** `moonshine-base on en-lj001, own terms`. */
export function runTitle({ set, settings }: RunRecord): string {
  return [`${settings.model} on ${set}`, protocolName(settings), describePerturbation(settings.perturbation)]
    .filter(Boolean)
    .join(", ");
}

/**
 * A name for every run over one data set, out of what differs between them; with a number where nothing does. A run
 * alone is named by its model and terms.
 */
export function runNames(runs: readonly RunScore[]): string[] {
  const parts = runs.map(({ run: { settings, glossaVersion } }) => [
    settings.model,
    protocolName(settings),
    describePerturbation(settings.perturbation) || "as recorded",
    `beam ${settings.beamSize ?? "default"}`,
    settings.findTerms === undefined ? "" : `terms by ${settings.findTerms}`,
    `language ${settings.language ?? "by utterance"}`,
    `seed ${settings.seed}`,
    `Glossa ${glossaVersion}`,
  ]);
  if (runs.length === 1) return [parts[0].slice(0, 2).join(", ")];
  const differing = parts[0].map((part, index) => parts.some((other) => other[index] !== part));
  const names = parts.map((own) => own.filter((_, index) => differing[index]).join(", "));
  if (new Set(names).size === names.length) return names;
  return names.map((name, index) => `${name === "" ? "run" : `${name}, run`} ${index + 1}`);
}
