/**
 * Beam search over a decoder, with bonuses for terms. A beam of one is greedy search.
 *
 * Hypotheses are ranked by `(log P + bonus) / length^α` when they have ended (length normalisation; Wu et al., 2016,
 * arXiv 1609.08144, with the plain length) and by `log P + bonus` while they grow.
 */
import { GlossaError } from "../errors.ts";
import type { DecoderState } from "../models/speech-model.ts";
import { attentionRow, hypothesisOf, logSumExp, type Hypothesis, type PathNode } from "./hypothesis.ts";
import { loopingToken } from "./repetition.ts";
import { TermTree, type TermState } from "./term-tree.ts";
import { beginsInsideWord, type TokenTable } from "./token-table.ts";

export interface BeamSearchOptions {
  /** Hypotheses kept at every step. */
  readonly beamSize: number;
  /** Exponent α of the length that finished hypotheses are divided by: 0 favours short texts, 1 the best mean. */
  readonly lengthExponent: number;
  /** The most tokens a text may have. */
  readonly maximumTokens: number;
  readonly endToken: number;
  readonly suppressedTokens: readonly number[];
  readonly suppressedAtStart: readonly number[];
  readonly table: TokenTable;
  /** Terms to favour; none when left out. */
  readonly terms?: TermTree;
  readonly signal?: AbortSignal;
}

/**
 * A token that begins or continues a term is offered to the beam only when the model finds it at most this much less
 * likely than its favourite (natural logarithm): a bonus may settle a doubt, not make up a word.
 */
const termMargin = 10;

/** Hypotheses this much below the best one, finished or not, are given up (natural logarithm). */
const giveUpMargin = 10;

interface Live {
  readonly path: PathNode | null;
  readonly logProbability: number;
  readonly bonus: number;
  readonly terms: TermState;
}

interface Candidate {
  parent: number;
  token: number;
  logProbability: number;
  total: number;
}

/**
 * Decodes one window.
 *
 * @param state holds the prompt as its only hypothesis
 * @returns hypotheses, best first; at least one
 * @throws GlossaError `runtime-failed` when the decoder gives no numbers; the signal's reason when aborted
 */
export async function beamSearch(state: DecoderState, options: BeamSearchOptions): Promise<Hypothesis[]> {
  const { beamSize, endToken, table } = options;
  const tree = options.terms;
  let live: Live[] = [{ path: null, logProbability: 0, bonus: 0, terms: TermTree.start }];
  const finished: Hypothesis[] = [];
  const candidates = new CandidateList(2 * beamSize);

  for (let length = 0; ; length++) {
    options.signal?.throwIfAborted();
    const atLimit = length === options.maximumTokens;
    candidates.clear();
    for (const [index, hypothesis] of live.entries()) {
      const row = state.logits.subarray(index * table.vocabularySize, (index + 1) * table.vocabularySize);
      suppress(row, hypothesis, length, options);
      collectCandidates(candidates, row, index, hypothesis, tree, options, atLimit);
    }

    const next: Live[] = [];
    const parents: number[] = [];
    const tokens: number[] = [];
    for (const [rank, candidate] of candidates.best().entries()) {
      const parent = live[candidate.parent]!;
      const boundary = isBoundary(table, parent.path, candidate.token, endToken);
      const attention = attentionRow(
        state.attention,
        candidate.parent,
        state.attentionHeads,
        state.attentionFrames,
      );
      const logProbability = parent.logProbability + candidate.logProbability;
      if (candidate.token === endToken) {
        if (rank >= beamSize && !atLimit) continue;
        const bonus = parent.bonus + (tree?.changeOnLeaving(parent.terms, true) ?? 0);
        const score = normalised(logProbability + bonus, length + 1, options.lengthExponent);
        finished.push(
          hypothesisOf(parent.path, {
            logProbability,
            bonus,
            score,
            ended: !atLimit,
            endAttention: attention,
          }),
        );
        continue;
      }
      if (next.length === beamSize) break;
      const moved = tree?.advance(parent.terms, candidate.token, boundary);
      next.push({
        path: {
          parent: parent.path,
          token: candidate.token,
          logProbability: candidate.logProbability,
          attention,
        },
        logProbability,
        bonus: parent.bonus + (moved?.change ?? 0),
        terms: moved?.state ?? TermTree.start,
      });
      parents.push(candidate.parent);
      tokens.push(candidate.token);
    }

    finished.sort((a, b) => b.score - a.score);
    const totals = next.map((hypothesis) => hypothesis.logProbability + hypothesis.bonus);
    const bestFinished = finished[0] ? finished[0].logProbability + finished[0].bonus : -Infinity;
    const floor = Math.max(bestFinished, ...totals) - giveUpMargin;
    const kept = [...next.keys()].filter((i) => totals[i]! > floor);
    if (kept.length === 0 || atLimit) break;
    // Texts that end early may be many and bad: they end the search only when what still grows is no better.
    const promise = normalised(Math.max(...totals), length + 1, options.lengthExponent);
    if (finished.length >= beamSize && promise < finished[0]!.score) break;
    live = kept.map((i) => next[i]!);
    await state.step(
      kept.map((i) => parents[i]!),
      kept.map((i) => tokens[i]!),
    );
  }
  if (finished.length === 0) {
    throw new GlossaError(
      "runtime-failed",
      "The decoder's scores are not numbers; the weights may be broken.",
    );
  }
  return finished.slice(0, beamSize);
}

function normalised(total: number, length: number, exponent: number): number {
  return total / length ** exponent;
}

/** Whether a word can end between the hypothesis so far and `token`. */
function isBoundary(table: TokenTable, path: PathNode | null, token: number, endToken: number): boolean {
  if (path === null || token === endToken) return true;
  return !(table.endsInsideWord(path.token) && table.beginsInsideWord(token));
}

/** Rules out tokens in place. */
function suppress(row: Float32Array, hypothesis: Live, length: number, options: BeamSearchOptions): void {
  for (const token of options.suppressedTokens) row[token] = -Infinity;
  if (length === 0) for (const token of options.suppressedAtStart) row[token] = -Infinity;
  const looping = loopingToken(lastTokens(hypothesis.path));
  if (looping >= 0) row[looping] = -Infinity;
}

/** As many of the last tokens as the guard against loops looks at. */
function lastTokens(path: PathNode | null): number[] {
  const tokens: number[] = [];
  for (let at = path; at && tokens.length < 64; at = at.parent) tokens.push(at.token);
  return tokens.reverse();
}

/** Offers the continuations of one hypothesis. */
function collectCandidates(
  candidates: CandidateList,
  row: Float32Array,
  parent: number,
  hypothesis: Live,
  tree: TermTree | undefined,
  options: BeamSearchOptions,
  endOnly: boolean,
): void {
  const { table, endToken } = options;
  const normaliser = logSumExp(row);
  const base = hypothesis.logProbability + hypothesis.bonus - normaliser;
  const atBoundary = base + (tree?.changeOnLeaving(hypothesis.terms, true) ?? 0);
  if (endOnly) {
    // The end is forced here, so its probability says nothing about the text.
    candidates.offer(parent, endToken, 0, hypothesis.logProbability + hypothesis.bonus);
    return;
  }
  const insideWord = hypothesis.path !== null && table.endsInsideWord(hypothesis.path.token);
  const leaving = base + (tree?.changeOnLeaving(hypothesis.terms, false) ?? 0);
  const flags = table.flags;
  let highest = -Infinity;
  for (let token = 0; token < row.length; token++) {
    const logit = row[token]!;
    if (logit > highest) highest = logit;
    const total =
      logit +
      (insideWord && (flags[token]! & beginsInsideWord) !== 0 && token !== endToken ? leaving : atBoundary);
    if (total > candidates.threshold) candidates.offer(parent, token, logit - normaliser, total);
  }
  if (!tree) return;
  const floor = highest - termMargin;
  for (let node = hypothesis.terms.node; ; node = tree.suffixOf(node)) {
    for (const token of tree.childrenOf(node)) {
      const logit = row[token]!;
      if (logit < floor) continue;
      const boundary = isBoundary(table, hypothesis.path, token, endToken);
      const { change } = tree.advance(hypothesis.terms, token, boundary);
      const total = base + logit + change;
      if (total > candidates.threshold) candidates.offer(parent, token, logit - normaliser, total);
    }
    if (node === 0) break;
  }
}

/** The best candidates so far; a second offer of the same continuation replaces the first when it is better. */
class CandidateList {
  readonly #capacity: number;
  #items: Candidate[] = [];
  /** What a new candidate must exceed. */
  threshold = -Infinity;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  clear(): void {
    this.#items = [];
    this.threshold = -Infinity;
  }

  offer(parent: number, token: number, logProbability: number, total: number): void {
    const items = this.#items;
    const same = items.findIndex((item) => item.token === token && item.parent === parent);
    if (same >= 0) {
      if (items[same]!.total >= total) return;
      items.splice(same, 1);
    }
    let at = items.length;
    while (at > 0 && items[at - 1]!.total < total) at--;
    items.splice(at, 0, { parent, token, logProbability, total });
    if (items.length > this.#capacity) items.pop();
    if (items.length === this.#capacity) this.threshold = items.at(-1)!.total;
  }

  /** Best first. */
  best(): readonly Candidate[] {
    return this.#items;
  }
}
