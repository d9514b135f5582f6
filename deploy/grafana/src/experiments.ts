import {
  course,
  EXPERIMENTS,
  quantileBy,
  query,
  rateBy,
  SERVING,
  stat,
  type DashboardDefinition,
} from './definition.ts';

/** Whether experiments are counted, decided and obeyed; their numbers are in `shortlist experiment results`. */
export const EXPERIMENTS_DASHBOARD: DashboardDefinition = {
  uid: 'shortlist-experiments',
  title: 'Shortlist: experiments',
  description:
    'The service that analyses and decides, and whether pods obey. No names: `shortlist experiment list` has them.',
  rows: [
    {
      title: 'The service',
      panels: [
        stat(
          { title: 'Instances that lead', unit: 'short', description: 'One.' },
          query(`sum(shortlist_experiments_leading{${EXPERIMENTS}})`, ''),
        ),
        stat(
          { title: 'Experiments that run', unit: 'short' },
          query(`sum(shortlist_experiments{${EXPERIMENTS},state="running"})`, ''),
        ),
        stat(
          { title: 'Sample-ratio mismatches, 1 d', unit: 'short', limits: [1, 1] },
          query(`sum(increase(shortlist_experiments_sample_ratio_mismatches_total{${EXPERIMENTS}}[1d]))`, ''),
        ),
        course(
          { title: 'Experiments by state', unit: 'short', isStacked: true },
          query(`sum by (state) (shortlist_experiments{${EXPERIMENTS}})`, '{{state}}'),
        ),
        course(
          { title: 'Decisions', unit: 'short' },
          rateBy('shortlist_experiments_decisions_total', EXPERIMENTS, 'action'),
        ),
        course(
          { title: 'Oldest numbers of a running experiment', unit: 's' },
          query(`max(shortlist_experiments_analysis_age_seconds{${EXPERIMENTS}})`, 'age'),
        ),
        course(
          { title: 'Analysis, p99', unit: 's' },
          quantileBy(0.99, 'shortlist_experiments_analysis_duration_seconds', EXPERIMENTS, '', 'p99'),
        ),
        course(
          { title: 'Rounds that failed', unit: 'ops' },
          rateBy('shortlist_experiments_failures_total', EXPERIMENTS, 'what'),
        ),
        course(
          { title: 'Announcements', unit: 'ops' },
          rateBy('shortlist_experiments_announcements_total', EXPERIMENTS, 'channel, outcome'),
        ),
        course(
          { title: 'Announcements that wait, and that were given up', unit: 'short' },
          query(`max by (state) (shortlist_experiments_announcements_open{${EXPERIMENTS}})`, '{{state}}'),
        ),
      ],
    },
    {
      title: 'The pods',
      panels: [
        course(
          { title: 'Snapshot: published, and in force', unit: 'short' },
          query(`max(shortlist_experiments_snapshot_version{${EXPERIMENTS}})`, 'published'),
          query(`min(shortlist_assignment_snapshot_version{${SERVING}})`, 'in force in all pods'),
        ),
        course(
          { title: 'Age of the snapshot', unit: 's', description: 'Decisions must arrive within 10 s.' },
          query(`max(shortlist_assignment_snapshot_age_seconds{${SERVING}})`, 'in a pod'),
          query(`max(shortlist_experiments_snapshot_age_seconds{${EXPERIMENTS}})`, 'since published'),
        ),
        course(
          { title: 'Releases of variants that are missing', unit: 'short' },
          query(`max(shortlist_release_variants_missing{${SERVING}})`, 'missing'),
        ),
        course(
          { title: 'Records of what was shown', unit: 'ops' },
          rateBy('shortlist_records_total', SERVING, 'outcome'),
        ),
        course(
          { title: 'Records that wait', unit: 'short' },
          query(`sum by (instance) (shortlist_records_waiting{${SERVING}})`, '{{instance}}'),
        ),
        course(
          { title: 'Spool', unit: 'bytes' },
          query(`sum by (instance) (shortlist_records_spool_bytes{${SERVING}})`, '{{instance}}'),
        ),
      ],
    },
  ],
};
