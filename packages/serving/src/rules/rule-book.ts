import { readFile, stat } from 'node:fs/promises';
import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { CompiledRules } from './compiled-rules.ts';
import { parseRules, type Rule } from './rule-file.ts';

/** Larger files are refused: nobody writes a megabyte of rules by hand. */
const FILE_BYTES_MAX = 1_000_000;

export interface RuleBookStatus {
  readonly file: string | null;
  readonly rules: number;
  /** When the rules that are in force were read; null when there is no file. */
  readonly loaded_at: string | null;
  /** Why the file that lies there now is not in force; null when it is. */
  readonly refused: string | null;
}

/**
 * The rules in force. The file is polled (`checkForChange`, every few seconds by the pipeline), because change
 * notifications do not arrive on the mounted volumes that pods read it from. A file that cannot be read or is wrong
 * leaves the old rules in force and its reason in the status.
 */
export class RuleBook {
  readonly #file: string | null;
  #rules: readonly Rule[] = [];
  #seen = '';
  #loadedAt: string | null = null;
  #refused: string | null = null;
  #failure: ShortlistError | undefined;
  #compiled = new WeakMap<Catalog, { readonly rules: CompiledRules; readonly names: number }>();

  private constructor(file: string | null) {
    this.#file = file;
  }

  static none(): RuleBook {
    return new RuleBook(null);
  }

  /** Reads `file`; at start a bad one is an error (`rules_invalid`), since there are no older rules to keep. */
  static async open(file: string): Promise<RuleBook> {
    const book = new RuleBook(file);
    await book.checkForChange();
    if (book.#failure !== undefined) throw book.#failure;
    return book;
  }

  /** Reads the file again if its time or size changed; true when other rules are in force now. */
  async checkForChange(): Promise<boolean> {
    if (this.#file === null) return false;
    let version = '';
    try {
      const { mtimeMs, size } = await stat(this.#file);
      version = `${mtimeMs}:${size}`;
      if (version === this.#seen) return false;
      this.#seen = version;
      if (size > FILE_BYTES_MAX) throw this.#unreadable(`it is larger than ${FILE_BYTES_MAX} bytes`);
      this.#rules = parseRules(await readFile(this.#file, 'utf8'), this.#file);
    } catch (error) {
      // A file that is gone is read again when it is back, even unchanged.
      if (version === '') this.#seen = '';
      this.#failure = error instanceof ShortlistError ? error : this.#unreadable((error as Error).message, error);
      this.#refused = this.#failure.message;
      return false;
    }
    this.#compiled = new WeakMap();
    this.#loadedAt = new Date().toISOString();
    this.#failure = undefined;
    this.#refused = null;
    return true;
  }

  /**
   * The rules in the codes of `catalog`; translated once per catalogue and version of the file, and again when the
   * catalogue has got items, categories or brands that a rule may name.
   */
  compiledFor(catalog: Catalog): CompiledRules {
    const names = catalog.count + catalog.categories.length + catalog.brands.length;
    const known = this.#compiled.get(catalog);
    if (known?.names === names) return known.rules;
    const rules = new CompiledRules(this.#rules, catalog);
    this.#compiled.set(catalog, { rules, names });
    return rules;
  }

  status(): RuleBookStatus {
    return { file: this.#file, rules: this.#rules.length, loaded_at: this.#loadedAt, refused: this.#refused };
  }

  #unreadable(reason: string, cause?: unknown): ShortlistError {
    return new ShortlistError('rules_invalid', { file: this.#file ?? '', line: 1, field: 'file', reason }, { cause });
  }
}
