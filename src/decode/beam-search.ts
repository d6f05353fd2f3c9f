/**
 * Beam search over a decoder, with bonuses for terms, and with or without context. A beam of one is greedy search.
 *
 * With context, every hypothesis is scored in two views of the same audio (joint beam search; Seed-ASR, arXiv 2407.04675):
 * `(1 − α) · log P(y | x) + α · log P(y | x, c)`, where x is the audio, c the context. Tokens are first pruned by the view
 * without context, so that the context cannot make the model invent. All views of all hypotheses are one batch.
 *
 * While they grow, hypotheses are ranked by `score + bonus`. Those that have ended are ranked by `score / length^α` (length
 * normalisation; Wu et al., 2016, arXiv 1609.08144, with the plain length). Their bonus is divided by one length for all, that
 * of the best of them without bonus: divided by its own, the bonus of a term would be worth most in a text that ends right
 * after it.
 */
import { GlossaError } from "../errors.ts";
import type { DecoderState } from "../models/speech-model.ts";
import { CandidateList, type Candidate } from "./candidate-list.ts";
import { attentionRow, hypothesisOf, type Hypothesis, type PathNode } from "./hypothesis.ts";
import { loopingToken } from "./repetition.ts";
import { TermTracker, type TermState } from "./term-tracker.ts";
import { ViewScores } from "./view-scores.ts";

/** The first tokens of a hypothesis that was found before. */
export interface Beginning {
  readonly hypothesis: Hypothesis;
  /** How many tokens of it. */
  readonly length: number;
}

export interface BeamSearchOptions {
  /** Hypotheses kept at every step. */
  readonly beamSize: number;
  /** Exponent of the length that finished hypotheses are divided by: 0 favours short texts, 1 the best mean. */
  readonly lengthExponent: number;
  /** The most tokens a text may have. */
  readonly maximumTokens: number;
  readonly endToken: number;
  readonly suppressedTokens: readonly number[];
  readonly suppressedAtStart: readonly number[];
  readonly vocabularySize: number;
  /** What the text begins with: the prompts that `state` was started with hold it. */
  readonly beginning?: Beginning;
  /** Follows the terms to favour; none when left out. */
  readonly terms?: TermTracker;
  /** Weight α of the view with context, 0 to 1; only read when there are two views. */
  readonly contextWeight?: number;
  readonly signal?: AbortSignal;
}

/**
 * A bonus counts for a token only when the model finds it at most this much less likely than its favourite (natural
 * logarithm): a bonus may settle a doubt, not make up a word.
 */
const termMargin = 10;

/**
 * Places beside the beam for hypotheses in the middle of a term. The places in the beam itself go by what a hypothesis is
 * worth without the term, so that terms that are begun and abandoned cannot push out what would be found without them.
 */
const termPlaces = 3;

/**
 * Hypotheses this much below the best one, finished or not, are given up (natural logarithm). With context less is left to find out,
 * and every hypothesis costs two rows (docs/experiments.md).
 */
const giveUpMargin = 10;
const giveUpMarginWithContext = 6;

interface Live {
  readonly path: PathNode | null;
  readonly logProbability: number;
  readonly terms: TermState;
}

/**
 * Decodes one window.
 *
 * @param state holds the prompts as its hypotheses: one, or two views of the same window, without context first
 * @returns hypotheses, best first; at least one
 * @throws GlossaError `runtime-failed` when the decoder gives no numbers; the signal's reason when aborted
 */
export async function beamSearch(state: DecoderState, options: BeamSearchOptions): Promise<Hypothesis[]> {
  const { beamSize, endToken, terms, beginning } = options;
  const views = state.hypotheses;
  const scores = new ViewScores(state, views, options);
  let live: Live[] = [begin(beginning, terms)];
  const finished: Hypothesis[] = [];
  const candidates = new CandidateList(2 * beamSize);
  const hopefuls = new CandidateList(beamSize + termPlaces);

  for (let length = beginning?.length ?? 0; ; length++) {
    options.signal?.throwIfAborted();
    const atLimit = length === options.maximumTokens;
    candidates.clear();
    hopefuls.clear();
    for (const [index, hypothesis] of live.entries()) {
      // The end is forced at the limit, so its probability says nothing about the text.
      if (atLimit) candidates.offer(index, endToken, 0, hypothesis.logProbability + hypothesis.terms.bonus);
      else {
        const looping = loopingToken(lastTokens(hypothesis.path));
        scores.score(index, length === 0, looping);
        collectCandidates(candidates, hopefuls, scores, index, hypothesis, terms, endToken);
      }
    }

    const next: Live[] = [];
    const parents: number[] = [];
    const tokens: number[] = [];
    const attentionOf = (index: number) =>
      attentionRow(state.attention, index * views, state.attentionHeads, state.attentionFrames);
    const goOn = ({ parent: index, token, logProbability }: Candidate) => {
      const parent = live[index]!;
      next.push({
        path: {
          parent: parent.path,
          token,
          logProbability,
          ...scores.contextFree(index, token),
          attention: attentionOf(index),
        },
        logProbability: parent.logProbability + logProbability,
        terms: terms?.advance(parent.terms, token) ?? TermTracker.start,
      });
      parents.push(index);
      tokens.push(token);
    };
    for (const [rank, candidate] of candidates.best().entries()) {
      if (candidate.token === endToken) {
        if (rank >= beamSize && !atLimit) continue;
        const parent = live[candidate.parent]!;
        const logProbability = parent.logProbability + candidate.logProbability;
        const bonus = terms?.bonusAtEnd(parent.terms) ?? 0;
        const endAttention = attentionOf(candidate.parent);
        finished.push(
          hypothesisOf(parent.path, { logProbability, bonus, score: 0, ended: !atLimit, endAttention }),
        );
        continue;
      }
      if (next.length === beamSize) break;
      goOn(candidate);
    }
    const settled = next.length;
    for (const candidate of hopefuls.best()) {
      if (next.length === settled + termPlaces) break;
      const isThere = tokens.some((token, i) => token === candidate.token && parents[i] === candidate.parent);
      if (!isThere) goOn(candidate);
    }

    const bonusLength = rank(finished, options.lengthExponent) ?? length + 1;
    const totals = next.map((hypothesis) => hypothesis.logProbability + hypothesis.terms.bonus);
    const bestFinished = finished[0] ? finished[0].logProbability + finished[0].bonus : -Infinity;
    const floor = Math.max(bestFinished, ...totals) - (views > 1 ? giveUpMarginWithContext : giveUpMargin);
    const kept = [...next.keys()].filter((i) => totals[i]! > floor);
    if (kept.length === 0 || atLimit) break;
    // Texts that end early may be many and bad: they end the search only when what still grows is no better.
    const promise = Math.max(
      ...next.map(
        ({ logProbability, terms: { bonus } }) =>
          normalised(logProbability, length + 1, options.lengthExponent) +
          normalised(bonus, bonusLength, options.lengthExponent),
      ),
    );
    if (finished.length >= beamSize && promise < finished[0]!.score) break;
    live = kept.map((i) => next[i]!);
    const ofViews = Array.from({ length: views }, (_, view) => view);
    await state.step(
      kept.flatMap((i) => ofViews.map((view) => parents[i]! * views + view)),
      kept.flatMap((i) => ofViews.map(() => tokens[i]!)),
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

/** What search starts from: nothing, or the beginning of a hypothesis as the view without context sees it. */
function begin(beginning: Beginning | undefined, terms: TermTracker | undefined): Live {
  let live: Live = { path: null, logProbability: 0, terms: TermTracker.start };
  if (!beginning) return live;
  const { tokens, contextFreeLogProbabilities, shortfalls, attention } = beginning.hypothesis;
  for (const [i, token] of tokens.slice(0, beginning.length).entries()) {
    const logProbability = contextFreeLogProbabilities[i]!;
    live = {
      path: {
        parent: live.path,
        token,
        logProbability,
        contextFreeLogProbability: logProbability,
        shortfall: shortfalls[i]!,
        attention: attention[i] ?? null,
      },
      logProbability: live.logProbability + logProbability,
      terms: terms?.advance(live.terms, token) ?? TermTracker.start,
    };
  }
  return live;
}

/**
 * Scores the hypotheses that have ended and puts the best first.
 *
 * @returns the length that their bonus was divided by; undefined when there are none
 */
function rank(finished: Hypothesis[], exponent: number): number | undefined {
  const lengthOf = ({ tokens }: Hypothesis) => tokens.length + 1;
  const plain = (hypothesis: Hypothesis) =>
    normalised(hypothesis.logProbability, lengthOf(hypothesis), exponent);
  let best = finished[0];
  if (!best) return undefined;
  for (const hypothesis of finished) if (plain(hypothesis) > plain(best)) best = hypothesis;
  const bonusLength = lengthOf(best);
  for (const [i, hypothesis] of finished.entries()) {
    const score = plain(hypothesis) + normalised(hypothesis.bonus, bonusLength, exponent);
    finished[i] = { ...hypothesis, score };
  }
  finished.sort((a, b) => b.score - a.score);
  return bonusLength;
}

function normalised(total: number, length: number, exponent: number): number {
  return total / length ** exponent;
}

/** As many of the last tokens as the guard against loops looks at. */
function lastTokens(path: PathNode | null): number[] {
  const tokens: number[] = [];
  for (let at = path; at && tokens.length < 64; at = at.parent) tokens.push(at.token);
  return tokens.reverse();
}

/**
 * Offers the continuations of one hypothesis: all of them by what they are worth if the terms that they are in the middle
 * of come to nothing, and those that are in the middle of a term also by what they may be worth.
 */
function collectCandidates(
  candidates: CandidateList,
  hopefuls: CandidateList,
  { tokens, scores, count, highest }: ViewScores,
  parent: number,
  hypothesis: Live,
  terms: TermTracker | undefined,
  endToken: number,
): void {
  const { logProbability, terms: state } = hypothesis;
  // What is earned stays whatever follows, so this is the least that a continuation can come to.
  const least = logProbability + state.earned;
  const most = terms ? logProbability + state.bonus + terms.mostPerToken : least;
  const floor = terms ? highest - termMargin : Infinity;
  /** Tokens with a lower score cannot get on either list. */
  const lowestScore = () =>
    Math.min(
      candidates.threshold - least,
      Math.max(floor, Math.min(candidates.threshold, hopefuls.threshold) - most),
    );
  let lowest = lowestScore();
  for (let i = 0; i < count; i++) {
    const score = scores[i]!;
    if (!(score >= lowest)) continue;
    const token = tokens[i]!;
    const total = score + logProbability;
    if (!terms || score < floor) candidates.offer(parent, token, score, score + least);
    else if (token === endToken) candidates.offer(parent, token, score, total + terms.bonusAtEnd(state));
    else {
      const bonus = terms.bonusAfter(state, token);
      candidates.offer(parent, token, score, total + terms.settled);
      if (bonus > terms.settled) hopefuls.offer(parent, token, score, total + bonus);
    }
    lowest = lowestScore();
  }
}
