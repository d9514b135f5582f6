/** Numbers the distinct values of a column: those known at first in ascending order, later ones after them. '' has none. */
export class Codebook {
  readonly values: string[];
  /** A Map, so that a value such as `__proto__` is a value like any other. */
  readonly #codeOf: Map<string, number>;

  constructor(texts: readonly string[]) {
    this.values = [...new Set(texts)].filter((text) => text !== '').sort();
    this.#codeOf = new Map(this.values.map((value, code) => [value, code]));
  }

  /** Code of a value, or -1. */
  codeOf(value: string): number {
    return this.#codeOf.get(value) ?? -1;
  }

  /** Code of a value, given now if it is new; -1 for ''. */
  codeFor(value: string): number {
    const known = this.#codeOf.get(value);
    if (known !== undefined || value === '') return known ?? -1;
    this.#codeOf.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}
