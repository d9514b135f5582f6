import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, unknown } = findingsOf('observation');

/** Is somebody watching: are there rules and monitors for the Prometheus operator? */
export function checkObservation({ prometheusRules, monitors }: Installation): Row[] {
  return (
    [
      ['prometheusrules', prometheusRules, 'nobody is told when something breaks, and the autoscaler gets no p99'],
      ['servicemonitors', monitors, 'nothing is scraped'],
    ] as const
  ).map(([subject, look, effect]) => {
    const remedy = {
      remedy: 'apply the overlay again, or point a Prometheus of yours at deploy/prometheus',
      page: 'runbooks/pressure-absent.md',
    };
    if (look.state === 'unknown') return unknown(subject, look.reason);
    if (look.state === 'absent')
      return warning(
        subject,
        `the Prometheus operator is not installed: unless another Prometheus reads the rules, ${effect}`,
        remedy,
      );
    if (listOf(look).length === 0) return warning(subject, `there is none: ${effect}`, remedy);
    return ok(subject, `${listOf(look).length} are there`);
  });
}
