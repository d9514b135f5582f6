import { hash } from 'node:crypto';
import { BUCKETS } from '../contracts/assignment-snapshot.ts';

/** What a hash decides. Each purpose has hashes of its own, so that one decision says nothing about another. */
export type BucketPurpose = 'holdout' | 'layer' | 'ramp' | 'variant' | 'interleaving';

/**
 * Bucket in [0, 1,000,000) of `id` for one purpose: the first 6 bytes, big-endian, of SHA-256 over the UTF-8 bytes of
 * `<purpose>\n<salt>\n<id>`, modulo 1,000,000 (docs/experiments/assignment.md). Purposes and salts hold no line feed, so
 * different inputs are different texts. Of 2^48 values each bucket gets the same number to 4e-9.
 */
export function bucketOf(purpose: BucketPurpose, salt: string, id: string): number {
  // 12 hex digits are the 6 bytes; a Buffer of the digest costs more than their text (bench/assignment.ts).
  return Number.parseInt(hash('sha256', `${purpose}\n${salt}\n${id}`, 'hex').slice(0, 12), 16) % BUCKETS;
}
