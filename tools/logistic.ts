/** Logistic curves for the tools that fit some. */

export interface Sample {
  readonly features: readonly number[];
  /** 1 for what is so, 0 for what is not. */
  readonly label: number;
}

/** What a logistic curve makes of features. */
export function probability(features: readonly number[], weights: readonly number[]): number {
  return 1 / (1 + Math.exp(-features.reduce((sum, feature, index) => sum + feature * weights[index]!, 0)));
}

/** Logistic regression by Newton's method, with a little decay. */
export function fitLogistic(all: readonly Sample[]): number[] {
  const size = all[0]!.features.length;
  const weights = Array<number>(size).fill(0);
  for (let step = 0; step < 30; step++) {
    const gradient = weights.map((weight) => -1e-3 * weight);
    const curvature = weights.map((_, i) => weights.map((_, j) => (i === j ? 1e-3 : 0)));
    for (const { features, label } of all) {
      const p = probability(features, weights);
      for (let i = 0; i < size; i++) {
        gradient[i]! += (label - p) * features[i]!;
        for (let j = 0; j < size; j++) curvature[i]![j]! += p * (1 - p) * features[i]! * features[j]!;
      }
    }
    const change = solve(curvature, gradient);
    for (let i = 0; i < size; i++) weights[i]! += change[i]!;
  }
  return weights;
}

/** Gauss with the largest pivot. */
function solve(matrix: number[][], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let column = 0; column < rows.length; column++) {
    let pivot = column;
    for (let i = column; i < rows.length; i++)
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = 0; i < rows.length; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / rows[column]![column]!;
      for (let j = column; j <= rows.length; j++) rows[i]![j]! -= factor * rows[column]![j]!;
    }
  }
  return rows.map((row, i) => row[rows.length]! / row[i]!);
}
