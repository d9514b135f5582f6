import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { parse, stringify } from 'yaml';

const RULES = join(import.meta.dirname, 'rules');
/** Where the objects are kept. */
export const RULES_FILE = resolve(import.meta.dirname, '../components/monitoring/prometheus-rules.yaml');

const HEADER = '# Made from deploy/prometheus/rules by `node deploy/prometheus/write-prometheus-rules.ts`.\n';

/** One PrometheusRule for each file of rules, with its groups as they are, as the text of one YAML file. */
export async function prometheusRules(): Promise<string> {
  const objects = readdirSync(RULES)
    .sort()
    .map((file) => {
      const { groups } = parse(readFileSync(join(RULES, file), 'utf8')) as { groups: readonly unknown[] };
      return {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: {
          name: `shortlist-${file.replace(/\.yaml$/, '')}`,
          namespace: 'shortlist',
          labels: { 'app.kubernetes.io/name': 'rules', 'app.kubernetes.io/component': 'monitoring' },
        },
        spec: { groups },
      };
    });
  const text = HEADER + objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
  return format(text, { ...(await resolveConfig(RULES_FILE)), parser: 'yaml' });
}
