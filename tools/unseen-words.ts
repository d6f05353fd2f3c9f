/**
 * Whether terms that a letter head has never seen a word of are found as often as others.
 *
 *     glossa eval ../shared/data/en-lj001 --retrieval-only --terms own+distractors --list-size 1000 \
 *       --distractors ../shared/data/lists/all_rare_words.txt --output runs
 *     npx tsx tools/unseen-words.ts runs/RUN ../shared/data/train/librispeech-dev-clean speech/flite-lists …
 *
 * The folders after the run are all the data sets that the head was trained on. Printed are the terms that are said, those that are
 * among the likeliest (as many as are said in the utterance and five more), and those that are kept, for terms with a word that
 * stands in no training text and for the others.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../src/eval/run-folder.ts";
import { countKept } from "../src/retrieval/prune.ts";

const [folder, ...sets] = process.argv.slice(2);
if (folder === undefined || sets.length === 0) throw new Error("Usage: unseen-words RUN TRAINING_SET…");

const wordsOf = (text: string) => text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}']+/gu) ?? [];
const known = new Set<string>();
for (const set of sets) {
  for (const line of readFileSync(join(set, "manifest.jsonl"), "utf8").split("\n")) {
    if (line === "") continue;
    for (const word of wordsOf((JSON.parse(line) as { text: string }).text)) known.add(word);
  }
}

const { run, utterances } = await readRun(folder);
const { retrieval } = run.settings;
if (retrieval === undefined) throw new Error(`${folder} is no run of --retrieval-only`);
const groups = {
  "with a word never seen": { said: 0, likeliest: 0, kept: 0 },
  "of words seen in training": { said: 0, likeliest: 0, kept: 0 },
};
for (const { terms, retrieved = [] } of utterances) {
  const scores = retrieved.map(({ score }) => score);
  const rank = new Map(retrieved.map(({ term }, i) => [term, i]));
  const kept = countKept(scores, retrieval);
  for (const term of terms.own) {
    const isKnown = wordsOf(term).every((word) => known.has(word));
    const group = groups[isKnown ? "of words seen in training" : "with a word never seen"];
    const at = rank.get(term) ?? Infinity;
    group.said++;
    if (at < terms.own.length + 5) group.likeliest++;
    if (at < kept) group.kept++;
  }
}
for (const [name, { said, likeliest, kept }] of Object.entries(groups)) {
  const share = (count: number) => `${((100 * count) / said).toFixed(1)} %`;
  console.log(`terms ${name}: ${said} said, ${share(likeliest)} at true + 5, ${share(kept)} kept`);
}
