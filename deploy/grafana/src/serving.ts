import { course, quantileBy, query, rateBy, SERVING, stat, type DashboardDefinition } from './definition.ts';

const SLATES = `${SERVING},tier!=""`;

/** Where whoever is paged for the pods looks first. */
export const SERVING_DASHBOARD: DashboardDefinition = {
  uid: 'shortlist-serving',
  title: 'Shortlist: serving',
  description: 'Promises, requests, stages, queue and stores of the ranking pods.',
  rows: [
    {
      title: 'Promises',
      panels: [
        stat(
          {
            title: 'Slates slower than 100 ms, 1 h',
            unit: 'percentunit',
            limits: [0.01, 0.144],
            description: 'Promised: at most 1 %.',
          },
          query('dataset:shortlist_slates_slow:ratio_rate1h{dataset="$dataset"}', ''),
        ),
        stat(
          {
            title: 'Requests that failed, 1 h',
            unit: 'percentunit',
            limits: [0.001, 0.0144],
            description: 'Promised: at most 0.1 %.',
          },
          query('dataset:shortlist_slates_failed:ratio_rate1h{dataset="$dataset"}', ''),
        ),
        stat(
          { title: 'p99', unit: 's', limits: [0.05, 0.1] },
          query('dataset:shortlist_slate_seconds:p99_2m{dataset="$dataset"}', ''),
        ),
        stat({ title: 'Slates', unit: 'reqps' }, query('dataset:shortlist_slates:rate5m{dataset="$dataset"}', '')),
        stat({ title: 'Pods', unit: 'short' }, query(`count(up{${SERVING}} == 1)`, '')),
        stat(
          { title: 'Releases that answer', unit: 'short', limits: [2, 2] },
          query(`count(count by (release) (shortlist_release_info{${SERVING}} == 1))`, ''),
        ),
      ],
    },
    {
      title: 'Requests',
      panels: [
        course(
          { title: 'Requests by route and status', unit: 'reqps', isStacked: true },
          rateBy('shortlist_requests_total', SERVING, 'route, status'),
        ),
        course(
          { title: 'Slates: p50, p95, p99', unit: 's' },
          ...[0.5, 0.95, 0.99].map((share) =>
            quantileBy(share, 'shortlist_request_duration_seconds', SLATES, '', `p${100 * share}`),
          ),
        ),
        course(
          { title: 'p99 by tier', unit: 's' },
          quantileBy(0.99, 'shortlist_request_duration_seconds', SLATES, 'tier', '{{tier}}'),
        ),
        course(
          { title: 'p99 by route', unit: 's' },
          quantileBy(0.99, 'shortlist_request_duration_seconds', SERVING, 'route', '{{route}}'),
        ),
        course(
          { title: 'In flight', unit: 'short' },
          query(`sum by (instance) (shortlist_requests_in_flight{${SERVING}})`, '{{instance}}'),
        ),
        course(
          { title: 'Clients that went away', unit: 'reqps' },
          rateBy('shortlist_aborted_total', SERVING, 'instance'),
        ),
      ],
    },
    {
      title: 'Stages',
      panels: [
        course(
          { title: 'p99 by stage', unit: 's' },
          quantileBy(0.99, 'shortlist_stage_duration_seconds', SERVING, 'stage', '{{stage}}'),
        ),
        course(
          {
            title: 'Mean by stage',
            unit: 's',
            isStacked: true,
            description: 'Time in a batch counts for each of its requests.',
          },
          query(
            `sum by (stage) (rate(shortlist_stage_duration_seconds_sum{${SERVING}}[$__rate_interval])) / sum by (stage) (rate(shortlist_stage_duration_seconds_count{${SERVING}}[$__rate_interval]))`,
            '{{stage}}',
          ),
        ),
        course(
          { title: 'Runs beyond the deadline', unit: 'ops' },
          rateBy('shortlist_stage_late_total', SERVING, 'stage'),
        ),
        course(
          { title: 'Failures that answers survived', unit: 'ops' },
          rateBy('shortlist_failures_survived_total', SERVING, 'instance'),
        ),
      ],
    },
    {
      title: 'Queue and load',
      panels: [
        course(
          { title: 'p99 of the wait for a batch', unit: 's' },
          quantileBy(0.99, 'shortlist_queue_wait_seconds', SERVING, 'priority', '{{priority}}'),
        ),
        course(
          { title: 'Requests and candidates in a batch, mean', unit: 'short' },
          query(
            `sum(rate(shortlist_batch_requests_sum{${SERVING}}[$__rate_interval])) / sum(rate(shortlist_batch_requests_count{${SERVING}}[$__rate_interval]))`,
            'requests',
          ),
          query(
            `sum(rate(shortlist_batch_rows_sum{${SERVING}}[$__rate_interval])) / sum(rate(shortlist_batch_rows_count{${SERVING}}[$__rate_interval]))`,
            'candidates',
          ),
        ),
        course(
          { title: 'Places: taken, and the limit', unit: 'short' },
          query(`sum by (priority) (shortlist_admitted_in_flight{${SERVING}})`, '{{priority}}'),
          query(`sum(shortlist_concurrency_limit{${SERVING}})`, 'limit'),
          query(`sum(shortlist_queue_depth{${SERVING}})`, 'wait for a batch'),
        ),
        course(
          { title: 'Refused, by reason', unit: 'reqps', isStacked: true },
          rateBy('shortlist_shed_total', SERVING, 'reason, priority'),
        ),
        course(
          {
            title: 'How light answers are',
            unit: 'short',
            description: '0 full, 1 fewer candidates, 2 no model, 3 lists alone.',
          },
          query(`max by (instance) (shortlist_load_level{${SERVING}})`, '{{instance}}'),
        ),
      ],
    },
    {
      title: 'Stores',
      panels: [
        course(
          { title: 'Profiles by where they were found', unit: 'reqps', isStacked: true },
          rateBy('shortlist_profile_reads_total', SERVING, 'tier, found'),
        ),
        course(
          { title: 'Ready answers', unit: 'reqps', isStacked: true },
          rateBy('shortlist_answer_cache_total', SERVING, 'cache, outcome'),
        ),
        course(
          { title: 'Profiles in memory', unit: 'short' },
          query(`shortlist_profiles_kept{${SERVING}}`, '{{instance}}'),
        ),
        course(
          { title: 'Breakers that are open', unit: 'percentunit' },
          query(`avg by (breaker) (shortlist_breaker_open{${SERVING}})`, '{{breaker}}'),
        ),
        course(
          { title: 'Calls that breakers kept back or saw fail', unit: 'reqps' },
          rateBy('shortlist_breaker_calls_total', SERVING, 'breaker, outcome'),
        ),
        course(
          { title: 'Connections to PostgreSQL', unit: 'short', isStacked: true },
          query(`sum by (state) (shortlist_database_connections{${SERVING}})`, '{{state}}'),
        ),
      ],
    },
  ],
};
