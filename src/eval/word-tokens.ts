/**
 * Links the words of a transcript, which have times and confidences, to the normalised tokens that are scored.
 *
 * Words and tokens are not one to one: `New-York` is two tokens, `twenty one` is the token `21`. So the tokens of all
 * words, normalised one by one, are aligned with the tokens of the whole text.
 */
import { normaliseForScoring } from "../text/normalise.ts";
import type { Word } from "../transcript/transcript.ts";
import { alignTokens, type AlignmentStep } from "./align.ts";
import type { ConfidencePair } from "./calibration.ts";

/**
 * @param tokens of the whole hypothesis, normalised
 * @returns for every token the word that it comes from; null where there is none
 */
export function wordsOfTokens(
  words: readonly Word[],
  tokens: readonly string[],
  language: string,
): (Word | null)[] {
  const wordTokens: string[] = [];
  const owner: Word[] = [];
  for (const word of words) {
    for (const token of normaliseForScoring(word.text, language)) {
      wordTokens.push(token);
      owner.push(word);
    }
  }
  const result: (Word | null)[] = tokens.map(() => null);
  for (const { kind, referenceIndex, hypothesisIndex } of alignTokens(wordTokens, tokens)) {
    if (kind === "match" || kind === "substitution") result[hypothesisIndex] = owner[referenceIndex];
  }
  return result;
}

/**
 * Which words are right: those whose tokens are all matched. Words without a token of their own (fillers, punctuation,
 * parts of a number) cannot be judged and are left out.
 *
 * @param wordOfToken for every hypothesis token its word, see `wordsOfTokens`
 * @param steps from the reference to the hypothesis
 */
export function judgeWords(
  wordOfToken: readonly (Word | null)[],
  steps: readonly AlignmentStep[],
): ConfidencePair[] {
  const isRight = new Map<Word, boolean>();
  for (const { kind, hypothesisIndex } of steps) {
    if (kind === "deletion") continue;
    const word = wordOfToken[hypothesisIndex];
    if (word !== null) isRight.set(word, (isRight.get(word) ?? true) && kind === "match");
  }
  return [...isRight].map(([{ confidence }, correct]) => ({ confidence, correct }));
}
