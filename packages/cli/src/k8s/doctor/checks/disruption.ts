import { selects } from '../../objects.ts';
import { COMPONENTS, SERVING } from '../../names.ts';
import { listOf, type Installation } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, problem, unknown } = findingsOf('disruption');

/** May a node be emptied: does each budget let a pod go, and has serving one? */
export function checkDisruption({ budgets, deployments }: Installation): Row[] {
  if (budgets.state === 'unknown') return [unknown('poddisruptionbudgets', budgets.reason)];
  return listOf(deployments)
    .filter(({ metadata }) => (COMPONENTS as readonly string[]).includes(metadata.name))
    .flatMap(({ metadata, spec }): Row[] => {
      const labels = spec.template.metadata?.labels ?? {};
      const [budget, ...others] = listOf(budgets).filter((each) => selects(each.spec.selector, labels));
      if (budget === undefined) {
        if ((spec.replicas ?? 1) < 2 && metadata.name !== SERVING) return [];
        return [
          warning(`deployment/${metadata.name}`, 'has no budget: a drained node may take all its pods at once', {
            remedy: 'apply the overlay again: shortlist k8s diff',
          }),
        ];
      }
      const subject = `poddisruptionbudget/${budget.metadata.name}`;
      if (others.length > 0)
        return [
          problem(
            `deployment/${metadata.name}`,
            `has ${others.length + 1} budgets: no pod of it can be evicted at all`,
            {
              remedy: 'keep one of them',
            },
          ),
        ];
      if (budget.status === undefined) return [unknown(subject, 'the controller manager has not looked at it yet')];
      const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = budget.status;
      if (disruptionsAllowed > 0) return [ok(subject, `${disruptionsAllowed} of ${expectedPods} pods may go`)];
      if (currentHealthy < expectedPods)
        return [
          warning(
            subject,
            `no pod may go: ${currentHealthy} of ${expectedPods} are healthy, ${desiredHealthy} must be`,
            {
              remedy: 'nodes cannot be drained until they are: see the rows of workloads',
            },
          ),
        ];
      return [
        problem(subject, `no pod may ever go: ${desiredHealthy} of ${expectedPods} must stay`, {
          remedy: 'use maxUnavailable: 1 or more, or run one pod more; drains wait for ever otherwise',
        }),
      ];
    });
}
