/** Random numbers that come again with the same seed. */

/**
 * A generator of numbers in [0, 1), uniform in steps of 2⁻³²: mulberry32 (Ettinger 2017, public domain).
 *
 * @param seed any integer; only its lowest 32 bits count.
 */
export function randomGenerator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
