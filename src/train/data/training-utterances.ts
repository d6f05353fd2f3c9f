/**
 * The recordings that training learns from: data sets read in any format that evaluation reads, and every row whose text
 * cannot be right named and left out.
 */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { glob } from "tinyglobby";
import { GlossaError } from "../../errors.ts";
import { loadDataSet } from "../../eval/datasets/load-data-set.ts";
import type { Utterance } from "../../eval/datasets/utterance.ts";
import { listedTerms } from "../../eval/term-lists.ts";
import { removeBracketed } from "../../text/normalise-basic.ts";

export interface TrainingUtterance {
  /** Unique over all sets: `SET/ID`. */
  readonly id: string;
  readonly set: string;
  /** The path that the set was read by, as it was given. */
  readonly given: string;
  /** Absolute path. */
  readonly audio: string;
  readonly text: string;
  /** ISO 639-1 code: of the row, else found from its script. */
  readonly language: string;
  readonly speaker: string | null;
  /** Terms that the set lists for it. */
  readonly terms: readonly string[];
}

/** Why an utterance is left out. */
export const dataProblemKinds = {
  row: "row that cannot be used",
  text: "no text",
  language: "another language",
  audio: "no speech in the audio",
  long: "too long",
  mismatch: "text that does not fit the audio",
} as const;
export type DataProblemKind = keyof typeof dataProblemKinds;

export interface DataProblem {
  readonly kind: DataProblemKind;
  readonly set: string;
  /** Names the utterance, or the row where it has no name, and says what is wrong. */
  readonly message: string;
}

export interface TrainingSets {
  readonly sets: readonly string[];
  readonly utterances: TrainingUtterance[];
  readonly problems: DataProblem[];
}

export interface ReadSetsOptions {
  /** ISO 639-1 codes to keep; default: all. */
  languages?: readonly string[] | null;
  /** Names of sets that are left out. */
  exclude?: readonly string[];
}

/**
 * Reads data sets. A folder that is none but holds some stands for all of them.
 *
 * @throws GlossaError `unreadable-input`, `invalid-argument` when a path is no data set
 */
export async function readTrainingSets(
  paths: readonly string[],
  options: ReadSetsOptions = {},
): Promise<TrainingSets> {
  const { languages = null, exclude = [] } = options;
  const sets: string[] = [];
  const sources = new Set<string>();
  const excluded = new Set<string>();
  const utterances: TrainingUtterance[] = [];
  const problems: DataProblem[] = [];
  const found = await Promise.all(
    paths.map(async (given) => (await setsAt(given)).map((path) => ({ given, path }))),
  );
  for (const { given, path } of found.flat()) {
    if (sources.has(resolve(path))) continue;
    sources.add(resolve(path));
    const data = await loadDataSet(path, { skipBad: true, mayBeEmpty: true });
    if (exclude.includes(data.name)) {
      excluded.add(data.name);
      continue;
    }
    const set = uniqueName(data.name, sets);
    sets.push(set);
    for (const skipped of data.skipped) {
      problems.push({ kind: "row", set, message: `${path}: ${skipped}` });
    }
    for (const utterance of data.utterances) {
      const id = `${set}/${utterance.id}`;
      const language = languageOf(utterance);
      const problem = textProblem(utterance.text, language, languages);
      if (problem !== null) {
        problems.push({ ...problem, set, message: `${id}: ${problem.message}` });
        continue;
      }
      const { audio, text, speaker } = utterance;
      utterances.push({
        id,
        set,
        given,
        audio,
        text: text!,
        language,
        speaker: speaker ?? null,
        terms: listedTerms(utterance),
      });
    }
  }
  const unknown = exclude.find((name) => !excluded.has(name));
  if (unknown !== undefined) {
    throw new GlossaError(
      "invalid-argument",
      `there is no set ${unknown} to leave out; there are ${sets.join(", ")}`,
    );
  }
  return { sets, utterances, problems };
}

/** A data set, or all that a folder of folders holds. */
async function setsAt(path: string): Promise<string[]> {
  if (!(await stat(path).catch(() => null))?.isDirectory()) return [path];
  if ((await glob("{manifest.jsonl,metadata.jsonl,wav.scp}", { cwd: path })).length > 0) return [path];
  const manifests = await glob("*/{manifest,metadata}.jsonl", { cwd: path, absolute: true });
  return manifests.length > 0 ? manifests.map((file) => dirname(file)).sort() : [path];
}

/** Sets of the same name get numbers in their order. */
function uniqueName(name: string, taken: readonly string[]): string {
  let unique = name;
  for (let number = 2; taken.includes(unique); number++) unique = `${name}-${number}`;
  return unique;
}

function languageOf({ language, text }: Utterance): string {
  return language?.toLowerCase() ?? (/\p{Script=Han}/u.test(text ?? "") ? "zh" : "en");
}

function textProblem(
  text: string | null,
  language: string,
  languages: readonly string[] | null,
): Pick<DataProblem, "kind" | "message"> | null {
  const words = wordsOf(text ?? "");
  if (words === "") return { kind: "text", message: "its text has no words" };
  if (languages !== null && !languages.includes(language)) {
    return { kind: "language", message: `its language is ${language}, not ${languages.join(" or ")}` };
  }
  const isChinese = /\p{Script=Han}/u.test(words);
  if (isChinese && !["zh", "ja", "yue"].includes(language)) {
    return { kind: "language", message: `its text is Chinese, its language ${language}` };
  }
  if (!isChinese && ["zh", "yue"].includes(language)) {
    return { kind: "language", message: `its language is ${language}, and there is no Chinese in its text` };
  }
  return null;
}

/** The letters and digits of what is said; notes about the sound stand in brackets. */
function wordsOf(text: string): string {
  return removeBracketed(text).replace(/[^\p{L}\p{N}]/gu, "");
}

/** Most letters that anybody says in a second, and the fewest over a whole recording; a Chinese character is a syllable. */
const rates = {
  letters: { most: 30, fewest: 0.4 },
  characters: { most: 10, fewest: 0.2 },
};
/** Silence that any recording may have. */
const pauseSeconds = 4;

/** Whether so much text can be said in so much time; null when it can, else what is wrong. */
export function durationProblem(text: string, seconds: number): string | null {
  const words = wordsOf(text);
  const isChinese = /\p{Script=Han}/u.test(words);
  const { most, fewest } = isChinese ? rates.characters : rates.letters;
  const unit = isChinese ? "characters" : "letters";
  const count = [...words].length;
  const said = `its text has ${count} ${unit}, its audio lasts ${seconds.toFixed(1)} s`;
  if (count > most * seconds + 3) return `${said}: too little for them`;
  if (count < fewest * (seconds - pauseSeconds)) return `${said}: too much for them`;
  return null;
}

/** @throws GlossaError `invalid-argument` that lists the problems, when there are any */
export function refuseProblems(problems: readonly DataProblem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ message }) => `\n  ${message}`).join("");
  throw new GlossaError(
    "invalid-argument",
    `${problems.length} ${problems.length === 1 ? "utterance" : "utterances"} cannot be used, and --strict allows none:${lines}`,
  );
}
