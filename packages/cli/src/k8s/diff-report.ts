import { diffNameOf, nameOf, type Manifest } from './manifest.ts';

export type ChangeKind = 'created' | 'changed' | 'replaced';

export interface Change {
  readonly object: string;
  readonly namespace?: string;
  readonly change: ChangeKind;
  /** Lines of YAML. */
  readonly added: number;
  readonly removed: number;
  /** The changed lines, first `+` or `-`. */
  readonly lines: readonly string[];
}

/** What the server counts and stamps itself: it changes with every change, and says nothing about it. */
const STAMPED = /^[+-] +(generation|resourceVersion|uid|creationTimestamp):/;

/** What `kubectl diff` printed, by object. @throws Error when it names an object that was not asked for: a bug here. */
export function changesOf(diff: string, objects: readonly Manifest[]): Change[] {
  const byName = new Map(objects.map((object) => [diffNameOf(object), object]));
  return diff
    .split(/^diff /m)
    .slice(1)
    .flatMap((section) => {
      const [head = '', ...lines] = section.split('\n');
      const file = head.slice(head.lastIndexOf('/') + 1).trim();
      const object = byName.get(file);
      if (object === undefined) throw new Error(`kubectl diff names ${file}, which was not asked for`);
      const changed = lines.filter((line) => /^[+-](?![+-]{2} )/.test(line));
      // Nothing stood there before: the range of the old file is empty.
      const created = lines.some((line) => line.startsWith('@@ -0,0 '));
      const told = changed.filter((line) => !STAMPED.test(line));
      if (told.length === 0) return [];
      return [changeOf(object, created ? 'created' : 'changed', told)];
    });
}

export function changeOf(object: Manifest, change: ChangeKind, lines: readonly string[] = []): Change {
  const { namespace } = object.metadata;
  return {
    object: nameOf(object),
    ...(namespace === undefined ? {} : { namespace }),
    change,
    added: lines.filter((line) => line.startsWith('+')).length,
    removed: lines.filter((line) => line.startsWith('-')).length,
    lines,
  };
}

/** Most lines of one object in the summary; --full prints all. */
const LINES_MAX = 12;

export function diffReport(changes: readonly Change[], { full, total }: { full: boolean; total: number }): string {
  if (changes.length === 0) return `Nothing would change: ${total} objects are as they are described.\n`;
  const lines = changes.flatMap(({ object, change, added, removed, lines: told }) => {
    const counts = change === 'changed' ? `  +${added} -${removed}` : '';
    // A new object is all new: its lines are those of `shortlist k8s render`.
    const shown = change === 'created' ? [] : full ? told : told.slice(0, LINES_MAX);
    const more =
      change === 'created' || told.length === shown.length
        ? []
        : [`    ... ${told.length - shown.length} lines more (--full)`];
    return [`${change.padEnd(9)} ${object}${counts}`, ...shown.map((line) => `    ${line}`), ...more];
  });
  const count = (kind: ChangeKind) => changes.filter(({ change }) => change === kind).length;
  const summary = `${count('created')} created, ${count('changed')} changed, ${count('replaced')} replaced, ${total - changes.length} as they are.`;
  return `${[...lines, '', summary].join('\n')}\n`;
}
