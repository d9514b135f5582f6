import { Gauge, type Registry } from 'prom-client';
import type { AssignmentFacts } from '../lifecycle.ts';

/** Which assignment snapshot a pod goes by, and for how long nobody has confirmed it. */
export function registerAssignments(registry: Registry, assignments: () => AssignmentFacts | null): void {
  const registers = [registry];
  const gauge = (name: string, help: string, of: 'version' | 'age_s') =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const value = assignments()?.status()[of] ?? null;
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  gauge(
    'shortlist_assignment_snapshot_version',
    'Version of the assignment snapshot; absent while none is in force.',
    'version',
  );
  gauge(
    'shortlist_assignment_snapshot_age_seconds',
    'Seconds since its source last had the snapshot that is in force.',
    'age_s',
  );
}
