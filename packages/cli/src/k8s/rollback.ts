import { clusterOf, KubernetesApi } from './api.ts';
import { lookAfterwards, waitForRollout, type DeployOptions } from './deploy.ts';
import { kubectl } from './kubectl.ts';
import { pass, say } from './progress.ts';

export interface RollbackOptions extends Pick<DeployOptions, 'kubeconfig' | 'context' | 'timeoutS' | 'settleS'> {
  readonly namespace: string;
  /** The one before when absent. */
  readonly revision?: string;
}

/**
 * Sets a Deployment back to its revision before, waits, and looks. For serving that is image, configuration and model
 * release together: all three are in its pod template. Without `--context` it only shows the revisions.
 */
export async function rollback(repository: string, deployment: string, options: RollbackOptions): Promise<number> {
  const { context, namespace, revision } = options;
  const where = { namespace, ...clusterOf(options) };
  const { server, context: current } = await KubernetesApi.open(options);
  const history = await kubectl(['rollout', 'history', `deployment/${deployment}`], where);
  say(
    `deployment/${deployment} in namespace ${namespace} of ${server}${current === undefined ? '' : ` (context ${current})`}`,
  );
  pass(history.stdout);
  if (context === undefined) {
    say(
      `Nothing was changed. To do it, name the cluster: --context ${current ?? '<name>'} (make rollback CONTEXT=${current ?? '<name>'})`,
    );
    return 0;
  }
  const to = revision === undefined ? [] : [`--to-revision=${revision}`];
  await kubectl(['rollout', 'undo', `deployment/${deployment}`, ...to], { ...where, show: pass });
  await waitForRollout(deployment, options);
  return lookAfterwards(repository, options);
}
