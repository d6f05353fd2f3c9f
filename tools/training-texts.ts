/**
 * Texts to be spoken for training letter heads: rare words, one in five of them kept back, the longer sentences of the training
 * recordings, and Mandarin sentences of theirs with spelled letters or English words put in, as technical talks are full of.
 *
 *     npx tsx tools/training-texts.ts ../shared/data/lists/all_rare_words.txt ../shared/data/train OUTPUT_FOLDER
 *
 * Writes `words.txt`, `sentences.txt`, `mixed.txt`, `switched.txt` and `foreign.txt`, in an order that looks random and is always the same. A word is kept
 * back by a hash of its letters, so that what was kept back can be told at any time. What is put into `switched.txt` is longer, in less Mandarin; in `foreign.txt` it
 * stands alone, to be set between recordings of Mandarin (`tools/splice-speech.ts`).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rarityOf, segmentChinese } from "../src/context/extraction/word-rarity.ts";
import { randomGenerator } from "../src/random.ts";

const [list, data, output] = process.argv.slice(2);
if (output === undefined) throw new Error("Usage: training-texts WORD_LIST TRAINING_SETS OUTPUT_FOLDER");

const mostWords = 30_000;
const keptBack = 0.2;
/** Sets of single words and letters. */
const withoutSentences = new Set(["words-en", "an4-spelling", "wake-words"]);
const [fewestWords, mostLetters] = [4, 160];
/** Of Mandarin sentences that something is put into, in characters. */
const [shortestMandarin, longestMandarin] = [4, 18];
const mixedSentences = 2000;

/** Between 0 and 1, always the same for a text. */
function place(text: string): number {
  const digest = createHash("sha256").update(`glclap ${text}`).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}

function inOrder(texts: Iterable<string>): string[] {
  return [...texts].sort((a, b) => place(a) - place(b));
}

const words = readFileSync(list!, "utf8")
  .split("\n")
  .filter((word) => /^[a-z']{4,}$/.test(word) && place(word) >= keptBack);
const sentences = new Set<string>();
const mandarin = new Set<string>();
for (const set of readdirSync(data!)) {
  const manifest = join(data!, set, "manifest.jsonl");
  if (withoutSentences.has(set) || !existsSync(manifest)) continue;
  for (const line of readFileSync(manifest, "utf8").split("\n")) {
    if (line === "") continue;
    const { text, language } = JSON.parse(line) as { text: string; language: string };
    const isSentence = text.split(" ").length >= fewestWords && text.length < mostLetters;
    if (language === "en" && isSentence) sentences.add(text);
    const plain = text.replace(/[。？！]$/, "");
    if (
      /^\p{Script=Han}+$/u.test(plain) &&
      plain.length >= shortestMandarin &&
      plain.length <= longestMandarin
    )
      mandarin.add(plain);
  }
}
const mandarinSentences = inOrder(mandarin);

/** Words that people say within another language are known ones. */
const knownWords = inOrder(
  new Set([...sentences].flatMap((text) => text.toLowerCase().match(/\b[a-z]{3,}\b/g) ?? [])),
).filter((word) => rarityOf(word) > 0.1 && rarityOf(word) < 0.7);

const random = randomGenerator(1);
const oneOf = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]!;

/** Two to six letters said one by one, or one or two words. */
function foreignPart(): string {
  if (random() < 0.5) {
    const count = 2 + Math.floor(5 * random());
    return Array.from({ length: count }, () => oneOf([..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"])).join(" ");
  }
  return random() < 0.7 ? oneOf(knownWords) : `${oneOf(knownWords)} ${oneOf(knownWords)}`;
}

function mixed(): string {
  const pieces = segmentChinese(oneOf(mandarinSentences)).map(({ word }) => word);
  const at = Math.floor(random() * (pieces.length + 1));
  return `${pieces.slice(0, at).join("")} ${foreignPart()} ${pieces.slice(at).join("")}`.trim();
}

const englishWords = inOrder(sentences).map((text) => text.toLowerCase().match(/[a-z][a-z']*/g) ?? []);
const [mostSpelledLetters, mostPhraseWords, mostPieces] = [10, 4, 4];

/** Up to ten letters said one by one, or up to four words as they follow one another in a sentence. */
function foreignPhrase(): string {
  if (random() < 0.5) {
    const count = 1 + Math.ceil((mostSpelledLetters - 1) * random());
    return Array.from({ length: count }, () => oneOf([..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"])).join(" ");
  }
  const words = oneOf(englishWords);
  const count = Math.min(words.length, Math.ceil(mostPhraseWords * random()));
  const first = Math.floor(random() * (words.length - count + 1));
  return words.slice(first, first + count).join(" ");
}

function switched(): string {
  const pieces = segmentChinese(oneOf(mandarinSentences)).map(({ word }) => word);
  const at = Math.floor(random() * (pieces.length + 1));
  const [before, after] = [
    pieces.slice(Math.max(0, at - mostPieces / 2), at),
    pieces.slice(at, at + mostPieces / 2),
  ];
  return `${before.join("")} ${foreignPhrase()} ${after.join("")}`.trim();
}

mkdirSync(output, { recursive: true });
writeFileSync(join(output, "words.txt"), `${inOrder(words).slice(0, mostWords).join("\n")}\n`);
writeFileSync(join(output, "sentences.txt"), `${inOrder(sentences).join("\n")}\n`);
writeFileSync(join(output, "mixed.txt"), `${Array.from({ length: mixedSentences }, mixed).join("\n")}\n`);
writeFileSync(
  join(output, "switched.txt"),
  `${Array.from({ length: mixedSentences }, switched).join("\n")}\n`,
);
writeFileSync(
  join(output, "foreign.txt"),
  `${Array.from({ length: mixedSentences }, foreignPhrase).join("\n")}\n`,
);
