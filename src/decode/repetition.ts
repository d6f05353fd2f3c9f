/**
 * The guard against loops: a recogniser that has begun to repeat itself finds its own repetition ever more likely.
 */

/** Longest phrase, in tokens, whose repetition is looked for. */
const longestPhrase = 16;
/** A phrase may stand this often in a row… */
const allowedRepeats = 3;
/** …or until its repetitions are this many tokens, whichever is later: "no, no, no, no" is speech. */
const allowedTokens = 12;

/**
 * The token that would carry a repetition past what speech contains, or −1.
 *
 * @param tokens the text so far
 */
export function loopingToken(tokens: readonly number[]): number {
  const length = tokens.length;
  for (let period = 1; period <= longestPhrase; period++) {
    const needed = Math.max(allowedRepeats * period, allowedTokens);
    if (length < needed) break;
    let repeated = period;
    while (repeated < needed && tokens[length - 1 - repeated] === tokens[length - 1 - repeated + period])
      repeated++;
    if (repeated >= needed) return tokens[length - period]!;
  }
  return -1;
}
