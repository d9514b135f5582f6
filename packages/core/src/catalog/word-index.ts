/** Words of a query that are looked at; the rest is ignored. */
const QUERY_WORDS_MAX = 8;

/** Lower-case words without accents, so that "cafe" finds "Café". */
function words(text: string): string[] {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/**
 * Which texts hold which words: a sorted vocabulary with the rows of each word, so that a beginning of a word is a
 * range of the vocabulary. Texts that changed after the index was made, or came later, are looked at one by one.
 */
export class WordIndex {
  #count: number;
  readonly #vocabulary: readonly string[];
  /** Ascending rows of each word. */
  readonly #rows: readonly (readonly number[])[];
  /** Of rows whose postings no longer hold. */
  readonly #changed = new Map<number, { readonly text: string; readonly words: readonly string[] }>();

  constructor(texts: readonly string[]) {
    this.#count = texts.length;
    const postings = new Map<string, number[]>();
    texts.forEach((text, row) => {
      for (const word of new Set(words(text))) {
        const rows = postings.get(word);
        if (rows === undefined) postings.set(word, [row]);
        else rows.push(row);
      }
    });
    this.#vocabulary = [...postings.keys()].sort();
    this.#rows = this.#vocabulary.map((word) => postings.get(word)!);
  }

  /** Takes `text` for that of `row` from now on. */
  set(row: number, text: string): void {
    if (this.#changed.get(row)?.text === text) return;
    this.#changed.set(row, { text, words: [...new Set(words(text))] });
    this.#count = Math.max(this.#count, row + 1);
  }

  /** Numbers of the texts that have, for every word of `text`, a word that begins with it; most whole words first, then by row. */
  search(text: string): Int32Array {
    const wanted = [...new Set(words(text))].slice(0, QUERY_WORDS_MAX);
    if (wanted.length === 0) return new Int32Array(0);
    const found = new Uint8Array(this.#count);
    const whole = new Uint8Array(this.#count);
    wanted.forEach((word, at) => {
      this.#mark(word, at, found, whole);
    });
    for (const [row, { words: own }] of this.#changed) {
      found[row] = wanted.every((word) => own.some((one) => one.startsWith(word))) ? wanted.length : 0;
      whole[row] = wanted.filter((word) => own.includes(word)).length;
    }
    const matches: number[] = [];
    for (let row = 0; row < this.#count; row++) if (found[row] === wanted.length) matches.push(row);
    return Int32Array.from(matches.sort((a, b) => whole[b]! - whole[a]! || a - b));
  }

  /** Raises `found` to `at + 1` where it is `at`, i.e. where all words before were found too. */
  #mark(word: string, at: number, found: Uint8Array, whole: Uint8Array): void {
    for (let v = this.#firstFrom(word); v < this.#vocabulary.length && this.#vocabulary[v]!.startsWith(word); v++) {
      const isWhole = this.#vocabulary[v] === word;
      for (const row of this.#rows[v]!) {
        if (found[row] === at) found[row] = at + 1;
        if (isWhole) whole[row]! += 1;
      }
    }
  }

  /** Place of the first word of the vocabulary that is not before `word`. */
  #firstFrom(word: string): number {
    let low = 0;
    let high = this.#vocabulary.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#vocabulary[middle]! < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
