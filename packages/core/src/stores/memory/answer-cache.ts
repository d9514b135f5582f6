import type { AnswerCache, CachedAnswer } from '../answer-cache.ts';

/** Answers in a map. */
export class MemoryAnswerCache implements AnswerCache {
  readonly #answers = new Map<string, { readonly version: string; readonly value: string; readonly untilMs: number }>();
  readonly #versions = new Map<string, number>();

  read(name: string, key: string): Promise<CachedAnswer> {
    const version = this.#version(name);
    const stored = this.#answers.get(`${name}:${key}`);
    const isPresent = stored?.version === version && stored.untilMs > Date.now();
    return Promise.resolve({ value: isPresent ? stored.value : null, version });
  }

  write(name: string, key: string, answer: { version: string; value: string; ttlS: number }): Promise<void> {
    const { version, value, ttlS } = answer;
    this.#answers.set(`${name}:${key}`, { version, value, untilMs: Date.now() + ttlS * 1000 });
    return Promise.resolve();
  }

  outdate(name: string): Promise<void> {
    this.#versions.set(name, (this.#versions.get(name) ?? 0) + 1);
    return Promise.resolve();
  }

  #version(name: string): string {
    return String(this.#versions.get(name) ?? 0);
  }
}
