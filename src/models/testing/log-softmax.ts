/** Natural logarithms of the probabilities that rows of so many logits stand for. */
export function logSoftmax(logits: readonly number[], width: number): number[] {
  return logits.map((logit, i) => {
    const start = i - (i % width);
    const row = logits.slice(start, start + width);
    const highest = Math.max(...row);
    return logit - highest - Math.log(row.reduce((sum, value) => sum + Math.exp(value - highest), 0));
  });
}
