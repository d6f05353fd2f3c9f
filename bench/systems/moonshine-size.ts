/**
 * The sizes of Moonshine's published models, which the peers want to be told.
 */
const sizes: Record<string, { layers: number; heads: number; headWidth: number }> = {
  "moonshine-tiny": { layers: 6, heads: 8, headWidth: 36 },
  "moonshine-base": { layers: 8, heads: 8, headWidth: 52 },
};

/** @throws RangeError for a model of unknown size */
export function moonshineSize(id: string): { layers: number; heads: number; headWidth: number } {
  const size = sizes[id];
  if (!size)
    throw new RangeError(`the size of ${id} is not known; known are ${Object.keys(sizes).join(", ")}`);
  return size;
}
