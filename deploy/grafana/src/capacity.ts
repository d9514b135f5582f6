import { course, query, rateBy, SERVING, stat, type DashboardDefinition } from './definition.ts';

const ALL = 'job=~"shortlist-.*",dataset="$dataset"';

/** How much more the pods could take, and what a slate costs. `shortlist capacity` plans with the same figures. */
export const CAPACITY_DASHBOARD: DashboardDefinition = {
  uid: 'shortlist-capacity',
  title: 'Shortlist: capacity',
  description: 'Pods, what a slate costs, what the autoscaler sees, processes and scrapes.',
  rows: [
    {
      title: 'Room',
      panels: [
        stat(
          {
            title: 'Pressure',
            unit: 'short',
            limits: [75, 87.5],
            description:
              'p99 as the autoscaler sees it: 62.5 is 50 ms (shrink), 87.5 is 100 ms (grow), 50 says nothing.',
          },
          query('ranking_p99_pressure{dataset="$dataset"}', ''),
        ),
        stat(
          { title: 'Slates per pod', unit: 'reqps' },
          query(
            `dataset:shortlist_slates:rate5m{dataset="$dataset"} / on () group_left () count(up{${SERVING}} == 1)`,
            '',
          ),
        ),
        stat(
          { title: 'CPU for 1,000 slates', unit: 's' },
          query(
            `1000 * sum(rate(process_cpu_seconds_total{${SERVING}}[5m])) / on () group_right () dataset:shortlist_slates:rate5m{dataset="$dataset"}`,
            '',
          ),
        ),
        course(
          {
            title: 'Event loop: how busy',
            unit: 'percentunit',
            description: 'One thread answers: at 60 % p99 is fine, at 80 % it is not.',
          },
          query(
            `sum by (instance) (rate(shortlist_event_loop_seconds_total{${SERVING},state="active"}[$__rate_interval])) / sum by (instance) (rate(shortlist_event_loop_seconds_total{${SERVING}}[$__rate_interval]))`,
            '{{instance}}',
          ),
        ),
        course(
          { title: 'Replicas: now, wanted, most', unit: 'short' },
          query(
            'max(kube_horizontalpodautoscaler_status_current_replicas{horizontalpodautoscaler=~"shortlist.*"})',
            'now',
          ),
          query(
            'max(kube_horizontalpodautoscaler_status_desired_replicas{horizontalpodautoscaler=~"shortlist.*"})',
            'wanted',
          ),
          query('max(kube_horizontalpodautoscaler_spec_max_replicas{horizontalpodautoscaler=~"shortlist.*"})', 'most'),
        ),
        course(
          { title: 'Refused, and answered lighter', unit: 'percentunit' },
          query('dataset:shortlist_shed:ratio_rate5m{dataset="$dataset"}', 'refused'),
          query('dataset_stage:shortlist_degraded:ratio_rate5m{dataset="$dataset",stage=~"load.*"}', '{{stage}}'),
        ),
      ],
    },
    {
      title: 'Processes',
      panels: [
        course({ title: 'CPU', unit: 'short' }, rateBy('process_cpu_seconds_total', ALL, 'job, instance')),
        course(
          { title: 'Resident memory', unit: 'bytes' },
          query(`process_resident_memory_bytes{${ALL}}`, '{{job}} {{instance}}'),
        ),
        course(
          { title: 'Heap over its limit', unit: 'percentunit' },
          query(
            `nodejs_heap_size_used_bytes{${ALL}} / on (job, instance, dataset) shortlist_heap_limit_bytes{${ALL}}`,
            '{{job}} {{instance}}',
          ),
        ),
        course(
          { title: 'Event-loop lag, p99', unit: 's', limits: [0.03, 0.05] },
          query(`nodejs_eventloop_lag_p99_seconds{${ALL}}`, '{{job}} {{instance}}'),
        ),
        course(
          { title: 'Time in garbage collection', unit: 'percentunit' },
          query(
            `sum by (job, instance) (rate(nodejs_gc_duration_seconds_sum{${ALL}}[$__rate_interval]))`,
            '{{job}} {{instance}}',
          ),
        ),
        course(
          { title: 'Versions', unit: 'short' },
          query(`count by (job, version) (shortlist_build_info{${ALL}})`, '{{job}} {{version}}'),
        ),
      ],
    },
    {
      title: 'What watching costs',
      panels: [
        course({ title: 'Scrape', unit: 's' }, query(`scrape_duration_seconds{${ALL}}`, '{{job}} {{instance}}')),
        course({ title: 'Series', unit: 'short' }, query(`scrape_samples_scraped{${ALL}}`, '{{job}} {{instance}}')),
      ],
    },
  ],
};
