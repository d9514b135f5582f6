import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { kubectl, type KubectlOptions, type KubectlOutcome } from './kubectl.ts';
import { writeManifests, type Manifest } from './manifest.ts';
import { FIELD_MANAGER } from './names.ts';
import { say } from './progress.ts';

/**
 * What people do by hand with kubectl, `rollout undo` of our own `rollback` among it: what is applied next takes it
 * back. Of anybody else's fields (the controller's, a GitOps tool's) nothing is taken without being told.
 */
const BY_HAND: ReadonlySet<string> = new Set([
  'kubectl',
  'kubectl-rollout',
  'kubectl-set',
  'kubectl-edit',
  'kubectl-patch',
  'kubectl-client-side-apply',
  'kubectl-create',
]);

interface ServerSideOptions extends KubectlOptions {
  readonly forceConflicts?: boolean;
}

/** `kubectl apply|diff --server-side` of these objects. @throws `kubectl_failed`, with who holds the fields in dispute */
export async function serverSide(
  verb: 'apply' | 'diff',
  objects: readonly Manifest[],
  options: ServerSideOptions,
): Promise<KubectlOutcome> {
  const { forceConflicts = false, ...rest } = options;
  const run = (force: boolean) =>
    kubectl(
      [
        verb,
        '--server-side',
        `--field-manager=${FIELD_MANAGER}`,
        ...(force ? ['--force-conflicts'] : []),
        '--filename=-',
      ],
      {
        ...rest,
        input: writeManifests(objects),
      },
    );
  try {
    return await run(forceConflicts);
  } catch (error) {
    const rivals = error instanceof ShortlistError ? rivalsOf(String(error.details.reason)) : [];
    if (rivals.length === 0 || !rivals.every((manager) => BY_HAND.has(manager))) throw error;
    say(`Fields that were changed by hand (${rivals.join(', ')}) become what is described again`);
    return run(true);
  }
}

/** The field managers that a refusal names: `conflict with "kubectl-rollout" using apps/v1`. */
function rivalsOf(reason: string): string[] {
  const named = [...reason.matchAll(/conflicts? with "([^"]+)"/g)].map(([, manager]) => manager!);
  return [...new Set(named)].sort();
}
