import { conditionOf } from '../../objects.ts';
import { COMPONENT_LABEL, MIGRATIONS } from '../../names.ts';
import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, problem, unknown } = findingsOf('migrations');

/** Has the database the tables that the images expect? */
export function checkMigrations({ jobs }: Installation): Row[] {
  if (jobs.state === 'unknown') return [unknown('jobs', jobs.reason)];
  const mine = listOf(jobs).filter(({ metadata }) => metadata.labels?.[COMPONENT_LABEL] === MIGRATIONS);
  if (mine.length === 0)
    return [
      warning(`job/${MIGRATIONS}`, 'is not there: it never ran here, or was removed after its end', {
        remedy: 'shortlist k8s deploy <overlay> runs it before anything else',
      }),
    ];
  return mine.map((job) => {
    const subject = `job/${job.metadata.name}`;
    const failed = conditionOf(job, 'Failed');
    if (failed?.status === 'True')
      return problem(subject, `failed: ${failed.reason}, ${failed.message}`, {
        remedy: `kubectl logs job/${job.metadata.name}; then delete it and deploy again`,
        runbook: 'migration-failed',
      });
    if (conditionOf(job, 'Complete')?.status === 'True') return ok(subject, 'is complete');
    return warning(subject, `has not ended: ${job.status?.active ?? 0} active, ${job.status?.failed ?? 0} failed pods`, {
      remedy: `kubectl logs --follow job/${job.metadata.name}`,
      runbook: 'migration-failed',
    });
  });
}
