/**
 * Connectionist temporal classification (Graves et al., 2006): the probability of a text given scores for every frame, over all
 * ways in which its labels may lie along the frames with blanks between; its gradient; the best text; and where each label lies.
 *
 * All in log space, in double precision, over flat arrays.
 */

/** The label that stands for nothing. */
export const blank = 0;

/** Scores of a batch. */
export interface CtcBatch {
  /** Before softmax, `[batch, frames, labels]`, row-major; frames behind an utterance's own are padding. */
  readonly logits: Float32Array;
  readonly labels: number;
  /** Frames that every utterance has in `logits`. */
  readonly frames: number;
  /** Of each utterance, at most `frames`. */
  readonly frameCounts: readonly number[];
  /** Label numbers of each utterance, from 1. */
  readonly targets: readonly ArrayLike<number>[];
}

export interface CtcResult {
  /**
   * Negative log-likelihood of each utterance in nats; infinite where the text cannot lie in so few frames, NaN where a logit is
   * none of the finite numbers.
   */
  readonly losses: Float64Array;
  /** The gradient of the sum of the finite losses by `logits`, each utterance's scaled by its entry of `scales`; zero where a loss is infinite. */
  readonly gradient: Float32Array;
}

const nothing = -Infinity;
/** The logarithm of what is lost in a double beside 1. */
const negligible = -38;

/** Working memory that grows to the largest utterance and is used again. */
let alpha = new Float64Array(0);
let beta = new Float64Array(0);
let logs = new Float64Array(0);
let states = new Int32Array(0);

/**
 * Losses and their gradient. As PyTorch's `ctc_loss(log_softmax(logits), reduction="sum", zero_infinity=True)`.
 *
 * @param scales what each utterance's gradient is multiplied by; default 1
 * @throws RangeError when shapes or labels do not fit
 */
export function ctcLoss(batch: CtcBatch, scales?: ArrayLike<number>): CtcResult {
  check(batch);
  const { logits, labels, frames, frameCounts, targets } = batch;
  const losses = new Float64Array(targets.length);
  const gradient = new Float32Array(logits.length);
  for (const [utterance, target] of targets.entries()) {
    const count = frameCounts[utterance]!;
    const offset = utterance * frames * labels;
    const size = prepare(logits, offset, count, labels, target);
    const isNumber = logs.subarray(0, count * labels).every((value) => !Number.isNaN(value));
    const likelihood = isNumber ? forward(target, count, labels, size) : NaN;
    losses[utterance] = -likelihood;
    if (likelihood === nothing || !isNumber) continue;
    backward(count, labels, size);
    addGradient(gradient, offset, count, labels, size, likelihood, scales?.[utterance] ?? 1);
  }
  return { losses, gradient };
}

/** Fewest frames that a text can lie in: one a label, and a blank between two that are the same. */
export function fewestFrames(target: ArrayLike<number>): number {
  let frames = target.length;
  for (let i = 1; i < target.length; i++) if (target[i] === target[i - 1]) frames++;
  return frames;
}

/** Fills `logs` with log-softmax and `states` with the labels with blanks around them. @returns the number of states */
function prepare(
  logits: Float32Array,
  offset: number,
  count: number,
  labels: number,
  target: ArrayLike<number>,
): number {
  const size = 2 * target.length + 1;
  if (logs.length < count * labels) logs = new Float64Array(count * labels);
  if (alpha.length < count * size) {
    alpha = new Float64Array(count * size);
    beta = new Float64Array(count * size);
  }
  if (states.length < size) states = new Int32Array(2 * size);
  for (let i = 0; i < size; i++) states[i] = i % 2 === 0 ? blank : target[i >> 1]!;
  for (let frame = 0; frame < count; frame++) {
    const from = offset + frame * labels;
    let highest = nothing;
    for (let label = 0; label < labels; label++) highest = Math.max(highest, logits[from + label]!);
    let sum = 0;
    for (let label = 0; label < labels; label++) sum += Math.exp(logits[from + label]! - highest);
    const logSum = highest + Math.log(sum);
    for (let label = 0; label < labels; label++)
      logs[frame * labels + label] = logits[from + label]! - logSum;
  }
  return size;
}

/** @returns the log-likelihood of the text */
function forward(target: ArrayLike<number>, count: number, labels: number, size: number): number {
  if (count === 0) return target.length === 0 ? 0 : nothing;
  alpha.fill(nothing, 0, count * size);
  alpha[0] = logs[blank]!;
  if (size > 1) alpha[1] = logs[states[1]!]!;
  for (let frame = 1; frame < count; frame++) {
    const row = frame * size;
    const before = row - size;
    // States that the start reaches by now and from which the end can still be reached.
    const last = Math.min(size - 1, 2 * frame + 1);
    for (let state = Math.max(0, size - 2 * (count - frame)); state <= last; state++) {
      const own = states[state]!;
      const stayed = alpha[before + state]!;
      const stepped = state > 0 ? alpha[before + state - 1]! : nothing;
      const skips = state > 1 && own !== blank && own !== states[state - 2];
      const skipped = skips ? alpha[before + state - 2]! : nothing;
      alpha[row + state] = logAdd(stayed, stepped, skipped) + logs[frame * labels + own]!;
    }
  }
  const end = (count - 1) * size + size - 1;
  return size > 1 ? logAdd(alpha[end]!, alpha[end - 1]!, nothing) : alpha[end]!;
}

/** Fills `beta`: the likelihood of the rest of the text from each state, the frame itself left out. */
function backward(count: number, labels: number, size: number): void {
  if (count === 0) return;
  beta.fill(nothing, 0, count * size);
  const end = (count - 1) * size + size - 1;
  beta[end] = 0;
  if (size > 1) beta[end - 1] = 0;
  for (let frame = count - 2; frame >= 0; frame--) {
    const row = frame * size;
    const next = row + size;
    const nextLogs = (frame + 1) * labels;
    const last = Math.min(size - 1, 2 * frame + 1);
    for (let state = Math.max(0, size - 2 * (count - frame)); state <= last; state++) {
      const own = states[state]!;
      const stays = beta[next + state]! + logs[nextLogs + own]!;
      const steps =
        state + 1 < size ? beta[next + state + 1]! + logs[nextLogs + states[state + 1]!]! : nothing;
      const other = state + 2 < size ? states[state + 2]! : blank;
      const skips =
        other !== blank && other !== own ? beta[next + state + 2]! + logs[nextLogs + other]! : nothing;
      beta[row + state] = logAdd(stays, steps, skips);
    }
  }
}

/** Softmax less the share of each label in all ways of the text: the gradient of the loss by the logits. */
function addGradient(
  gradient: Float32Array,
  offset: number,
  count: number,
  labels: number,
  size: number,
  likelihood: number,
  scale: number,
): void {
  const shares = new Float64Array(labels);
  for (let frame = 0; frame < count; frame++) {
    shares.fill(0);
    const row = frame * size;
    for (let state = 0; state < size; state++) {
      const share = alpha[row + state]! + beta[row + state]! - likelihood;
      if (share > negligible) shares[states[state]!]! += Math.exp(share);
    }
    const from = offset + frame * labels;
    for (let label = 0; label < labels; label++) {
      gradient[from + label] = scale * (Math.exp(logs[frame * labels + label]!) - shares[label]!);
    }
  }
}

/** The text of the best label of every frame: repeats once, blanks not at all. */
export function ctcGreedy(logits: Float32Array, frames: number, labels: number, offset = 0): number[] {
  const text: number[] = [];
  let previous = blank;
  for (let frame = 0; frame < frames; frame++) {
    const from = offset + frame * labels;
    let best = 0;
    for (let label = 1; label < labels; label++)
      if (logits[from + label]! > logits[from + best]!) best = label;
    if (best !== blank && best !== previous) text.push(best);
    previous = best;
  }
  return text;
}

/** Where a label lies. */
export interface AlignedLabel {
  readonly label: number;
  /** Its first frame, and the frame behind its last. */
  readonly start: number;
  readonly end: number;
  /** Mean log-probability of the label over its frames, in nats. */
  readonly score: number;
}

/**
 * Forced alignment: the likeliest way of a text along the frames (Viterbi).
 *
 * @returns one entry a label; null when the text cannot lie in so few frames
 * @throws RangeError when shapes or labels do not fit
 */
export function ctcAlign(
  logits: Float32Array,
  frames: number,
  labels: number,
  target: ArrayLike<number>,
): AlignedLabel[] | null {
  check({ logits, labels, frames, frameCounts: [frames], targets: [target] });
  if (target.length === 0) return [];
  if (frames < fewestFrames(target)) return null;
  const size = prepare(logits, 0, frames, labels, target);
  let scores = new Float64Array(size).fill(nothing);
  let next = new Float64Array(size);
  // How many states further back the best way came from.
  const steps = new Uint8Array(frames * size);
  scores[0] = logs[blank]!;
  scores[1] = logs[states[1]!]!;
  for (let frame = 1; frame < frames; frame++) {
    for (let state = 0; state < size; state++) {
      const own = states[state]!;
      let best = scores[state]!;
      let step = 0;
      if (state > 0 && scores[state - 1]! > best) [best, step] = [scores[state - 1]!, 1];
      if (state > 1 && own !== blank && own !== states[state - 2] && scores[state - 2]! > best) {
        [best, step] = [scores[state - 2]!, 2];
      }
      next[state] = best + logs[frame * labels + own]!;
      steps[frame * size + state] = step;
    }
    [scores, next] = [next, scores];
  }
  let state = scores[size - 1]! >= scores[size - 2]! ? size - 1 : size - 2;
  const places = Array.from(target as ArrayLike<number>, (label) => ({ label, start: -1, end: -1, sum: 0 }));
  for (let frame = frames - 1; frame >= 0; frame--) {
    if (state % 2 === 1) {
      const place = places[state >> 1]!;
      if (place.end < 0) place.end = frame + 1;
      place.start = frame;
      place.sum += logs[frame * labels + place.label]!;
    }
    state -= steps[frame * size + state]!;
  }
  return places.map(({ label, start, end, sum }) => ({ label, start, end, score: sum / (end - start) }));
}

/** log(exp(a) + exp(b) + exp(c)) */
function logAdd(a: number, b: number, c: number): number {
  const highest = a > b ? (a > c ? a : c) : b > c ? b : c;
  if (highest === nothing) return nothing;
  // Most states are far from the likely ways, and add nothing.
  let sum = 0;
  if (a - highest > negligible) sum += Math.exp(a - highest);
  if (b - highest > negligible) sum += Math.exp(b - highest);
  if (c - highest > negligible) sum += Math.exp(c - highest);
  return sum === 1 ? highest : highest + Math.log(sum);
}

function check({ logits, labels, frames, frameCounts, targets }: CtcBatch): void {
  const expected = targets.length * frames * labels;
  if (logits.length !== expected || frameCounts.length !== targets.length) {
    throw new RangeError(
      `CTC: ${targets.length} utterances of ${frames} frames and ${labels} labels are ${expected} logits and ${targets.length} frame counts; ` +
        `got ${logits.length} and ${frameCounts.length}.`,
    );
  }
  for (const [utterance, target] of targets.entries()) {
    const count = frameCounts[utterance]!;
    if (!(count >= 0 && count <= frames)) {
      throw new RangeError(`CTC: utterance ${utterance} has ${count} of ${frames} frames.`);
    }
    for (let i = 0; i < target.length; i++) {
      if (!(target[i]! > blank && target[i]! < labels)) {
        throw new RangeError(
          `CTC: label ${target[i]} of utterance ${utterance} is not one of 1 to ${labels - 1}.`,
        );
      }
    }
  }
}
