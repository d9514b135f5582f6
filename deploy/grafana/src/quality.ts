import { course, query, rateBy, SERVING, stat, type DashboardDefinition } from './definition.ts';

const perSlate = (expr: string): string =>
  `${expr} / sum(rate(shortlist_request_duration_seconds_count{${SERVING},tier!=""}[$__rate_interval]))`;

/** How personal and how true answers are, and what shoppers make of them. */
export const QUALITY_DASHBOARD: DashboardDefinition = {
  uid: 'shortlist-quality',
  title: 'Shortlist: quality',
  description: 'Tiers, degradations, releases, freshness, and what shoppers do.',
  rows: [
    {
      title: 'How personal',
      panels: [
        stat(
          { title: 'Not personal, 30 min', unit: 'percentunit' },
          query('dataset:shortlist_fallback:ratio_rate30m{dataset="$dataset"}', ''),
        ),
        stat(
          {
            title: 'Shown out of stock, 1 h',
            unit: 'short',
            limits: [1, 10],
            description: 'One slate in a hundred is compared.',
          },
          query(`sum(increase(shortlist_out_of_stock_leaks_total{${SERVING}}[1h]))`, ''),
        ),
        course(
          { title: 'Slates by tier', unit: 'reqps', isStacked: true },
          query(
            `sum by (tier) (rate(shortlist_request_duration_seconds_count{${SERVING},tier!=""}[$__rate_interval]))`,
            '{{tier}}',
          ),
        ),
        course(
          { title: 'Slates made without', unit: 'percentunit' },
          query('dataset_stage:shortlist_degraded:ratio_rate5m{dataset="$dataset"}', '{{stage}}'),
        ),
        course(
          { title: 'Not personal, by tier', unit: 'reqps', isStacked: true },
          rateBy('shortlist_fallback_total', SERVING, 'tier'),
        ),
      ],
    },
    {
      title: 'What shoppers do',
      panels: [
        course(
          { title: 'Events by type', unit: 'ops', isStacked: true },
          rateBy('shortlist_ingest_accepted_events_total', 'dataset="$dataset"', 'type'),
        ),
        course(
          {
            title: 'Events per slate, by type',
            unit: 'short',
            description: 'Everything that shoppers do over what was shown: a trend, no click-through rate.',
          },
          query(
            `sum by (type) (rate(shortlist_ingest_accepted_events_total{dataset="$dataset"}[$__rate_interval])) / on () group_left () sum(rate(shortlist_request_duration_seconds_count{${SERVING},tier!=""}[$__rate_interval]))`,
            '{{type}}',
          ),
        ),
      ],
    },
    {
      title: 'Candidates',
      panels: [
        course(
          { title: 'Removed by the filter, by reason', unit: 'ops', isStacked: true },
          rateBy('shortlist_candidates_dropped_total', SERVING, 'reason'),
        ),
        course(
          { title: 'Slates that popular items had to fill', unit: 'percentunit' },
          query(perSlate(`sum(rate(shortlist_slates_topped_up_total{${SERVING}}[$__rate_interval]))`), 'topped up'),
        ),
      ],
    },
    {
      title: 'Release and freshness',
      panels: [
        course(
          { title: 'Pods by release', unit: 'short', isStacked: true },
          query(`count by (release) (shortlist_release_info{${SERVING}} == 1)`, '{{release}}'),
        ),
        course(
          { title: 'Age of the release and of its data', unit: 's' },
          query(`max(shortlist_release_age_seconds{${SERVING}})`, 'built'),
          query(`max(shortlist_release_data_age_seconds{${SERVING}})`, 'data until'),
        ),
        course(
          { title: 'Offline scores of the release', unit: 'short' },
          query(`max by (metric) (shortlist_release_offline_score{${SERVING}})`, '{{metric}}'),
        ),
        course(
          { title: 'Releases taken and refused', unit: 'short' },
          query(`sum(increase(shortlist_release_swaps_total{${SERVING}}[$__rate_interval]))`, 'taken'),
          query(`sum(increase(shortlist_release_refusals_total{${SERVING}}[$__rate_interval]))`, 'refused'),
        ),
        course(
          { title: 'Age of the live state', unit: 's' },
          query(`max by (instance) (shortlist_live_lag_seconds{${SERVING}})`, '{{instance}}'),
        ),
      ],
    },
  ],
};
