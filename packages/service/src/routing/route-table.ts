import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Route } from './route.ts';

interface Entry {
  readonly route: Pick<Route<never>, 'method' | 'path'>;
}

interface Match<T> {
  /** By method. */
  readonly methods: ReadonlyMap<string, T>;
  /** Decoded values of the `{...}` segments. */
  readonly params: Readonly<Record<string, string>>;
}

interface Pattern<T> {
  readonly segments: readonly string[];
  readonly methods: Map<string, T>;
}

const NONE: Readonly<Record<string, string>> = {};
const isParameter = (segment: string): boolean => segment.startsWith('{');

/** Which routes a path has: plain paths by one lookup, those with parameters segment by segment, in the given order. */
export class RouteTable<T extends Entry> {
  readonly #plain = new Map<string, Map<string, T>>();
  readonly #patterns: Pattern<T>[] = [];

  constructor(entries: readonly T[]) {
    for (const entry of entries) this.#methodsOf(entry.route.path).set(entry.route.method, entry);
  }

  /** @throws `field_invalid` for a segment that cannot be decoded */
  match(path: string): Match<T> | null {
    const plain = this.#plain.get(path);
    if (plain !== undefined) return { methods: plain, params: NONE };
    if (this.#patterns.length === 0) return null;
    const given = path.split('/');
    const found = this.#patterns.find(
      ({ segments }) =>
        segments.length === given.length && segments.every((one, i) => isParameter(one) || one === given[i]),
    );
    if (found === undefined) return null;
    const params: Record<string, string> = Object.create(null) as Record<string, string>;
    found.segments.forEach((segment, i) => {
      if (isParameter(segment)) params[segment.slice(1, -1)] = decoded(segment, given[i]!);
    });
    return { methods: found.methods, params };
  }

  #methodsOf(path: string): Map<string, T> {
    const segments = path.split('/');
    if (!segments.some(isParameter)) {
      const methods = this.#plain.get(path) ?? new Map<string, T>();
      this.#plain.set(path, methods);
      return methods;
    }
    let pattern = this.#patterns.find((one) => one.segments.join('/') === path);
    if (pattern === undefined) this.#patterns.push((pattern = { segments, methods: new Map<string, T>() }));
    return pattern.methods;
  }
}

function decoded(segment: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new ShortlistError('field_invalid', { field: segment, reason: 'is not percent-encoded UTF-8' }, { cause });
  }
}
