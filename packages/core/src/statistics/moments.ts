/**
 * Sufficient statistics of users: how many there are, and for each variable and pair of variables the sums over users
 * of the values and of their products. All that the tests need, and it adds: hours, partitions and pods merge.
 */
export interface Moments {
  /** Users. */
  readonly count: number;
  /** `[variables]`. */
  readonly sums: readonly number[];
  /** `[variables * (variables + 1) / 2]`: upper triangle with the diagonal, row-major (`productIndex`). */
  readonly products: readonly number[];
}

/** Where the product of variables i and j lies in `products`. */
export function productIndex(variables: number, i: number, j: number): number {
  const [low, high] = i <= j ? [i, j] : [j, i];
  return low * variables - (low * (low - 1)) / 2 + high - low;
}

/** Moments of nobody: the neutral element of `addMoments`. */
export function emptyMoments(variables: number): Moments {
  return {
    count: 0,
    sums: new Array<number>(variables).fill(0),
    products: new Array<number>((variables * (variables + 1)) / 2).fill(0),
  };
}

/** Moments of users given as columns of equal length, one value per user. A NaN in a column makes its moments NaN. */
export function momentsOf(...columns: readonly ArrayLike<number>[]): Moments {
  const variables = columns.length;
  const count = columns[0]?.length ?? 0;
  for (const column of columns)
    if (column.length !== count) throw new Error(`columns of ${count} and ${column.length} users`);
  const sums: number[] = [];
  const products: number[] = [];
  for (let i = 0; i < variables; i++) {
    const a = columns[i]!;
    let sum = 0;
    for (let u = 0; u < count; u++) sum += a[u]!;
    sums.push(sum);
    for (let j = i; j < variables; j++) {
      const b = columns[j]!;
      let product = 0;
      for (let u = 0; u < count; u++) product += a[u]! * b[u]!;
      products.push(product);
    }
  }
  return { count, sums, products };
}

/** Moments of the 0/1 variable "did it" of `count` users, `successes` of whom did. */
export const binaryMoments = (count: number, successes: number): Moments => ({
  count,
  sums: [successes],
  products: [successes],
});

/** Moments of both groups of users together. */
export const addMoments = (a: Moments, b: Moments): Moments => combine(a, b, 1);

/** Takes users out again: `subtractMoments(addMoments(a, b), b)` is `a`. */
export const subtractMoments = (a: Moments, b: Moments): Moments => combine(a, b, -1);

function combine(a: Moments, b: Moments, sign: 1 | -1): Moments {
  if (a.sums.length !== b.sums.length)
    throw new Error(`moments of ${a.sums.length} and of ${b.sums.length} variables do not add`);
  return {
    count: a.count + sign * b.count,
    sums: a.sums.map((sum, i) => sum + sign * b.sums[i]!),
    products: a.products.map((product, i) => product + sign * b.products[i]!),
  };
}

/** Mean per user; NaN of nobody. */
export const meanOf = (moments: Moments, variable: number): number => moments.sums[variable]! / moments.count;

/**
 * Sample covariance of two variables per user (n - 1); NaN below two users. Rounding may leave a variance of a constant
 * slightly under zero: that is zero. A variance clearly under zero says that the sums do not belong together; it is
 * returned as it is, and the tests refuse it.
 */
export function covarianceOf(moments: Moments, i: number, j: number): number {
  const { count, sums, products } = moments;
  if (count < 2) return NaN;
  const product = products[productIndex(sums.length, i, j)]!;
  const scatter = product - (sums[i]! / count) * sums[j]!;
  if (i === j && Math.abs(scatter) <= 1e-13 * product) return 0;
  return scatter / (count - 1);
}
