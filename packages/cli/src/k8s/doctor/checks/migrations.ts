import { COMPONENT_LABEL, MIGRATIONS } from '../../names.ts';
import { conditionOf } from '../../objects.ts';
import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, problem, unknown } = findingsOf('migrations');

/** What does not start before the schema is there. */
const WAITING = ['ingest', 'experiments'];

/** Has the database the tables that the images expect? */
export function checkMigrations({ jobs, deployments }: Installation): Row[] {
  if (jobs.state === 'unknown') return [unknown('jobs', jobs.reason)];
  const mine = listOf(jobs).filter(({ metadata }) => metadata.labels?.[COMPONENT_LABEL] === MIGRATIONS);
  if (mine.length === 0) {
    const subject = `job/${MIGRATIONS}`;
    const started = listOf(deployments).filter(
      (deployment) =>
        WAITING.includes(deployment.metadata.name) && conditionOf(deployment, 'Available')?.status === 'True',
    );
    if (started.length === WAITING.length)
      return [ok(subject, 'has removed itself, as it does after an hour; what waits for it has started')];
    return [
      problem(
        subject,
        `is not there, and ${WAITING.join(' and ')} do not both run: it never ran, or failed and was removed`,
        {
          remedy: 'shortlist k8s deploy <overlay> runs it before anything else',
          page: 'kubernetes.md#migrations-failed',
        },
      ),
    ];
  }
  return mine.map((job) => {
    const subject = `job/${job.metadata.name}`;
    const failed = conditionOf(job, 'Failed');
    if (failed?.status === 'True')
      return problem(subject, `failed: ${failed.reason}, ${failed.message}`, {
        remedy: `kubectl logs job/${job.metadata.name}; then delete it and deploy again`,
        page: 'kubernetes.md#migrations-failed',
      });
    if (conditionOf(job, 'Complete')?.status === 'True') return ok(subject, 'is complete');
    return warning(
      subject,
      `has not ended: ${job.status?.active ?? 0} active, ${job.status?.failed ?? 0} failed pods`,
      {
        remedy: `kubectl logs --follow job/${job.metadata.name}`,
        page: 'kubernetes.md#migrations-failed',
      },
    );
  });
}
