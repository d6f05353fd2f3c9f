/**
 * Shapes of tensors while a program is built. A dimension is a number, or a name for a size that is known only when the
 * program runs; two dimensions of the same name have the same size.
 */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

/** `[rows, 512]` */
export function printShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}

/**
 * The shape of an operation that works element by element, dimensions of 1 being repeated as needed.
 * @throws RangeError when the shapes do not fit
 */
export function broadcast(operator: string, ...shapes: readonly Shape[]): Dimension[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const dimensions = shapes
      .map((shape) => shape[shape.length - rank + i] ?? 1)
      .filter((size) => size !== 1);
    const [first] = dimensions;
    if (dimensions.some((dimension) => dimension !== first)) {
      throw new RangeError(`${operator}: shapes ${shapes.map(printShape).join(" and ")} do not fit.`);
    }
    return first ?? 1;
  });
}

/** The size of things put one after the other. */
export function sum(...dimensions: readonly Dimension[]): Dimension {
  const fixed = dimensions.filter((dimension) => typeof dimension === "number").reduce((a, b) => a + b, 0);
  const named = dimensions.filter((dimension) => typeof dimension === "string");
  if (named.length === 0) return fixed;
  return [...named, ...(fixed === 0 ? [] : [String(fixed)])].join(" + ");
}

/** The size of a block of these sizes, as when axes become one. */
export function product(...dimensions: readonly Dimension[]): Dimension {
  const fixed = dimensions.filter((dimension) => typeof dimension === "number").reduce((a, b) => a * b, 1);
  const named = dimensions.filter((dimension) => typeof dimension === "string");
  if (named.length === 0) return fixed;
  return [...(fixed === 1 ? [] : [String(fixed)]), ...named].join(" · ");
}

/**
 * Which dimension `axis` means, counted from the front.
 * @throws RangeError when the shape does not have it
 */
export function axisOf(operator: string, shape: Shape, axis: number): number {
  const index = axis < 0 ? shape.length + axis : axis;
  if (!Number.isInteger(index) || index < 0 || index >= shape.length) {
    throw new RangeError(`${operator}: shape ${printShape(shape)} has no axis ${axis}.`);
  }
  return index;
}

/**
 * Refuses a shape that is not the one expected.
 * @throws RangeError with both shapes
 */
export function expectShape(operator: string, what: string, actual: Shape, expected: Shape): void {
  if (sameShape(actual, expected)) return;
  throw new RangeError(
    `${operator}: ${what} has shape ${printShape(actual)}; it must be ${printShape(expected)}.`,
  );
}

/** A dimension that must be a number. */
export function fixed(operator: string, shape: Shape, axis: number): number {
  const dimension = shape[axisOf(operator, shape, axis)]!;
  if (typeof dimension === "string") {
    throw new RangeError(`${operator}: dimension ${axis} of ${printShape(shape)} must be known beforehand.`);
  }
  return dimension;
}
