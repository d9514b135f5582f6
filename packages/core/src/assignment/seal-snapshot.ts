import { hash } from 'node:crypto';
import { Value } from 'typebox/value';
import { AssignmentSnapshotSchema, type AssignmentSnapshot } from '../contracts/assignment-snapshot.ts';
import { ShortlistError } from '../contracts/errors.ts';

/** A snapshot before it is sealed. */
export type SnapshotContent = Omit<AssignmentSnapshot, 'digest'>;

/**
 * Adds the digest that lets a pod refuse a snapshot which was cut off or changed on the way. Whether it makes sense is
 * `compileSnapshot`'s question: ask it first.
 */
export function sealSnapshot(content: SnapshotContent): AssignmentSnapshot {
  return { ...content, digest: digestOf(content) };
}

/** The snapshot in `text`. Errors: `snapshot_damaged` unless it is whole, of this form and as it was sealed. */
export function openSnapshot(text: string): AssignmentSnapshot {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw damaged(`it is not whole (${text.length} characters)`, cause);
  }
  const [problem] = Value.Errors(AssignmentSnapshotSchema, parsed);
  if (problem !== undefined) throw damaged(`${problem.instancePath.slice(1) || 'it'} ${problem.message}`);
  const { digest, ...content } = parsed as AssignmentSnapshot;
  const actual = digestOf(content);
  if (actual !== digest) throw damaged(`its digest is ${actual.slice(0, 12)}, sealed was ${digest.slice(0, 12)}`);
  return parsed as AssignmentSnapshot;
}

/** SHA-256 of the canonical JSON of RFC 8785: keys by UTF-16 code units, no spaces, numbers as ECMAScript writes them. */
function digestOf(content: SnapshotContent): string {
  return hash('sha256', JSON.stringify(content, sortedKeys), 'hex');
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function damaged(reason: string, cause?: unknown): ShortlistError {
  return new ShortlistError('snapshot_damaged', { reason }, cause === undefined ? undefined : { cause });
}
