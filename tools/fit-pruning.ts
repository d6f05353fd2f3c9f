/**
 * Fits the curve of `src/retrieval/evidence.ts` and scores pruning: for every utterance, its own terms among distractors.
 *
 *     npx tsx tools/fit-pruning.ts 2000 \
 *       ../shared/data/en-lj001,../shared/data/lists/all_rare_words.txt,moonshine-base \
 *       ../shared/data/zh-aishell-s0150,../shared/data/lists/zh_rare_words.txt,whisper-base
 *
 * Fits on every second utterance of all sets together and scores on the others of each, with the weights in the source and with those fitted. First passes
 * are greedy and without terms; they are kept in the folder given by GLOSSA_FIRST_PASSES, if any.
 */
import { readFileSync } from "node:fs";
import type { Term } from "../src/context/term.ts";
import { evidenceWeights, featuresOf } from "../src/retrieval/evidence.ts";
import type { HeardWord } from "../src/retrieval/heard-words.ts";
import { defaultThreshold, scoreChoices } from "../src/retrieval/prune.ts";
import { TermMatcher, type TermMatch } from "../src/retrieval/term-matcher.ts";
import { randomGenerator } from "../src/random.ts";
import { firstPasses } from "./first-passes.ts";
import { fitLogistic, probability } from "./logistic.ts";

const [countText, ...sets] = process.argv.slice(2);
const distractorCount = Number(countText);
if (!(distractorCount > 0) || sets.length === 0) {
  throw new Error("Usage: fit-pruning COUNT DATA_SET,DISTRACTORS,MODEL…");
}
const random = randomGenerator(1);
const loaded = await Promise.all(sets.map((set) => loadSet(set)));
const fitted = fitLogistic(
  loaded.flatMap(({ utterances }) =>
    halfOf(utterances, 0).flatMap(({ spoken, matches }) =>
      matches.map((match) => ({
        features: featuresOf(match.evidence),
        label: spoken.has(match.term.text) ? 1 : 0,
      })),
    ),
  ),
);
console.log("weights fitted:", fitted.map((weight) => weight.toFixed(2)).join(", "));
for (const { name, utterances } of loaded) {
  console.log(`\n${name}: ${utterances.length} utterances, ${distractorCount} distractors`);
  report("in the source", evidenceWeights, halfOf(utterances, 1));
  report("fitted", fitted, halfOf(utterances, 1));
  for (const { spoken, matches, words } of halfOf(utterances, 1)) {
    for (const term of spoken) {
      const found = matches.find((match) => match.term.text === term);
      const score = found ? probability(featuresOf(found.evidence), fitted) : 0;
      if (score >= defaultThreshold) continue;
      console.log(`missed: ${term} (${score.toFixed(3)}) in: ${words.map((word) => word.text).join(" ")}`);
    }
  }
}

interface Utterance {
  readonly spoken: ReadonlySet<string>;
  /** The best match of every term that has one. */
  readonly matches: readonly TermMatch[];
  readonly words: readonly HeardWord[];
}

function halfOf(utterances: readonly Utterance[], remainder: number): readonly Utterance[] {
  return utterances.filter((_, index) => index % 2 === remainder);
}

async function loadSet(set: string): Promise<{ name: string; utterances: Utterance[] }> {
  const [folder, list, model] = set.split(",") as [string, string, string];
  const passes = await firstPasses(folder, model);
  const distractors = readFileSync(list, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const utterances = passes
    .filter(({ terms }) => terms.length > 0)
    .map(({ text, terms, words }) => {
      const spoken = new Set(terms);
      const others = new Set<string>();
      const said = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}']+/gu, " ")} `;
      while (others.size < distractorCount) {
        const other = distractors[Math.floor(random() * distractors.length)]!;
        const isSaid = /\p{Script=Han}/u.test(other)
          ? said.includes(other)
          : said.includes(` ${other.toLowerCase()} `);
        if (!spoken.has(other) && !isSaid) others.add(other);
      }
      const given: Term[] = [...spoken, ...others].map((term) => ({
        text: term,
        spokenForms: [],
        weight: 1,
      }));
      const best = new Map<string, TermMatch>();
      for (const match of new TermMatcher(given).match([words])) {
        const known = best.get(match.term.text);
        if (!known || match.score > known.score) best.set(match.term.text, match);
      }
      return { spoken, matches: [...best.values()], words };
    });
  return { name: folder, utterances };
}

/** Scores on the utterances that were not fitted, at several thresholds and at most 20 terms. */
function report(name: string, weights: readonly number[], test: readonly Utterance[]): void {
  console.log(`weights ${name}\nthreshold  recall  precision  F1     kept`);
  for (const threshold of [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7]) {
    const scores = scoreChoices(
      test.map(({ spoken, matches }) => {
        const ranked = matches
          .map(({ term, evidence }) => ({
            term: term.text,
            score: probability(featuresOf(evidence), weights),
          }))
          .filter(({ score }) => score >= threshold)
          .sort((a, b) => b.score - a.score);
        return { spoken, chosen: new Set(ranked.slice(0, 20).map(({ term }) => term)) };
      }),
    );
    const cells = [scores.recall, scores.precision, scores.f1].map((value) => value.toFixed(3).padStart(8));
    console.log(
      `${threshold.toFixed(2).padStart(8)} ${cells.join(" ")} ${scores.meanKept.toFixed(1).padStart(6)}`,
    );
  }
}
