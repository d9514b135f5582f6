/**
 * Solves A x = b in place for a symmetric positive definite A `[dim, dim]`, of which only the lower triangle is read;
 * it becomes the Cholesky factor, `b` becomes x. O(dim^3 / 6).
 */
export function solveInPlace(a: Float64Array, b: Float64Array, dim: number): void {
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * dim + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * dim + k]! * a[j * dim + k]!;
      a[i * dim + j] = i === j ? Math.sqrt(sum) : sum / a[j * dim + j]!;
    }
  }
  for (let i = 0; i < dim; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= a[i * dim + k]! * b[k]!;
    b[i] = sum / a[i * dim + i]!;
  }
  for (let i = dim - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < dim; k++) sum -= a[k * dim + i]! * b[k]!;
    b[i] = sum / a[i * dim + i]!;
  }
}
