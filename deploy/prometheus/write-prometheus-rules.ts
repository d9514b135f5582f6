/**
 * Writes the rules of deploy/prometheus/rules as objects of the Prometheus operator, one for each file:
 * `node deploy/prometheus/write-prometheus-rules.ts`. promtool tests the plain files and refuses the objects.
 */
import { writeFileSync } from 'node:fs';
import { prometheusRules, RULES_FILE } from './prometheus-rules.ts';

writeFileSync(RULES_FILE, await prometheusRules());
