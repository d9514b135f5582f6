/** Slates ranked ahead for e-mail and push, by user; JSON. */
export interface PrecomputedSlates {
  write(slates: ReadonlyMap<string, string>, ttlS: number): Promise<void>;
  read(userId: string): Promise<string | null>;
  remove(userIds: readonly string[]): Promise<void>;
}
