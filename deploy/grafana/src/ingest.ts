import { course, INGEST, quantileBy, query, rateBy, stat, type DashboardDefinition } from './definition.ts';

/** From an event to what is made of it. */
export const INGEST_DASHBOARD: DashboardDefinition = {
  uid: 'shortlist-ingest',
  title: 'Shortlist: ingest',
  description: 'Events, records and webhooks in; how far the aggregator is behind the log.',
  rows: [
    {
      title: 'In',
      panels: [
        stat(
          { title: 'Rejected, 15 min', unit: 'percentunit', limits: [0.01, 0.05] },
          query('dataset:shortlist_ingest_rejected:ratio_rate15m{dataset="$dataset"}', ''),
        ),
        stat(
          { title: 'Refused with 5xx, 5 min', unit: 'percentunit', limits: [0.001, 0.05] },
          query('dataset:shortlist_ingest_failed:ratio_rate5m{dataset="$dataset"}', ''),
        ),
        stat(
          { title: 'Rejected ones that are kept', unit: 'short' },
          query(`max(shortlist_ingest_rejected_waiting{${INGEST}})`, ''),
        ),
        course(
          { title: 'Events by what became of them', unit: 'ops', isStacked: true },
          rateBy('shortlist_ingest_events_total', INGEST, 'status, stage'),
        ),
        course(
          { title: 'Records of pods by what became of them', unit: 'ops', isStacked: true },
          rateBy('shortlist_ingest_records_total', INGEST, 'status, stage'),
        ),
        course(
          { title: 'Webhooks', unit: 'ops', isStacked: true },
          rateBy('shortlist_ingest_webhooks_total', INGEST, 'outcome'),
        ),
        course(
          { title: 'Requests by route and status', unit: 'reqps', isStacked: true },
          rateBy('shortlist_requests_total', INGEST, 'route, status'),
        ),
        course(
          { title: 'p99 by route', unit: 's' },
          quantileBy(0.99, 'shortlist_request_duration_seconds', INGEST, 'route', '{{route}}'),
        ),
      ],
    },
    {
      title: 'On disk',
      panels: [
        course(
          { title: 'Commit with fsync, p99', unit: 's' },
          quantileBy(0.99, 'shortlist_ingest_commit_duration_seconds', INGEST, '', 'events'),
          quantileBy(0.99, 'shortlist_ingest_records_commit_duration_seconds', INGEST, '', 'records'),
        ),
        course(
          { title: 'Events in a commit, mean', unit: 'short' },
          query(
            `sum(rate(shortlist_ingest_commit_events_sum{${INGEST}}[$__rate_interval])) / sum(rate(shortlist_ingest_commit_events_count{${INGEST}}[$__rate_interval]))`,
            'events',
          ),
        ),
        course(
          { title: 'Waiting for their commit', unit: 'short' },
          query(`sum(shortlist_ingest_queue_events{${INGEST}})`, 'events'),
          query(`sum(shortlist_ingest_queue_records{${INGEST}})`, 'records'),
        ),
        course(
          { title: 'Connections to PostgreSQL', unit: 'short', isStacked: true },
          query(`sum by (state) (shortlist_database_connections{${INGEST}})`, '{{state}}'),
        ),
      ],
    },
    {
      title: 'Made of it',
      panels: [
        stat(
          { title: 'Instances that lead', unit: 'short', description: 'One for each shard.' },
          query(`sum(shortlist_aggregator_leader{${INGEST}})`, ''),
        ),
        course(
          { title: 'Behind the log', unit: 's' },
          query(`max by (consumer) (shortlist_aggregator_lag_seconds{${INGEST}})`, '{{consumer}}'),
        ),
        course(
          { title: 'Events behind the log', unit: 'short' },
          query(`max by (consumer) (shortlist_aggregator_lag_events{${INGEST}})`, '{{consumer}}'),
        ),
        course(
          { title: 'Events read from the log', unit: 'ops' },
          rateBy('shortlist_aggregator_events_total', INGEST, 'consumer'),
        ),
        course(
          { title: 'Checkpoint, p99', unit: 's' },
          quantileBy(0.99, 'shortlist_aggregator_checkpoint_seconds', INGEST, '', 'p99'),
        ),
      ],
    },
  ],
};
