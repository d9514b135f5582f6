import type { Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import type { OverlayOptions } from '../k8s/overlay.ts';
import { NAMESPACE, SERVING } from '../k8s/names.ts';

interface ClusterArguments {
  readonly kubeconfig?: string;
  readonly context?: string;
}

interface OverlayArguments {
  readonly registry?: string;
  readonly tag?: string;
  readonly release?: string;
  readonly manifestSha256?: string;
  readonly namespace?: string;
  readonly without?: string[];
}

interface ApplyArguments extends OverlayArguments, ClusterArguments {
  readonly forceConflicts?: boolean;
  readonly full?: boolean;
}

interface Waits {
  readonly timeout: string;
  readonly settle: string;
}

/** `shortlist k8s render|diff|deploy|rollback|doctor|monitor`: an installation on Kubernetes. */
export function register(program: Command, environment: Environment): void {
  const { repository } = environment;
  const k8s = program.command('k8s').description('an installation on Kubernetes: look at it, change it, check it');

  withOverlay(k8s.command('render <overlay>'))
    .description('prints the objects of an overlay of deploy/overlays, or of a folder; Secrets are left out')
    .option('--json', 'one List as JSON')
    .action(async (overlay: string, options: OverlayArguments & { json?: boolean }) => {
      const { render } = await import('../k8s/render.ts');
      await render(repository, overlay, { ...overlayOptions(options), json: options.json === true });
    });

  withCluster(withOverlay(k8s.command('diff <overlay>')))
    .description('what applying it would change, as the API server says. Exit code 0: nothing, 1: something, 2: failed')
    .option('--force-conflicts', 'as if fields were taken that another manager has set')
    .option('--full', 'all changed lines')
    .option('--json', 'as JSON')
    .action(async (overlay: string, options: ApplyArguments & { json?: boolean }) => {
      const { diff } = await import('../k8s/diff.ts');
      process.exitCode = await diff(repository, overlay, { ...applyOptions(options), json: options.json === true });
    });

  withCluster(withOverlay(k8s.command('deploy <overlay>')))
    .description(
      'brings it to the cluster that --context names: migrations, then pods, then doctor; else says what it would do',
    )
    .option('--timeout <s>', 'for the migrations, and for the roll-out of each Deployment', '900')
    .option('--settle <s>', 'what the doctor finds wrong afterwards may take so long to come right', '120')
    .option('--force-conflicts', 'take fields that another manager has set')
    .option('--full', 'all changed lines')
    .action(async (overlay: string, { timeout, settle, ...options }: ApplyArguments & Waits) => {
      const { deploy } = await import('../k8s/deploy.ts');
      const waits = { timeoutS: seconds('timeout', timeout), settleS: seconds('settle', settle) };
      process.exitCode = await deploy(repository, overlay, { ...applyOptions(options), ...waits });
    });

  withNamespace(withCluster(k8s.command('rollback [deployment]')))
    .description(
      'sets a Deployment of the cluster that --context names back by one revision, then doctor; else shows the revisions',
    )
    .option('--revision <n>', 'another one than that before')
    .option('--timeout <s>', 'for the roll-out', '900')
    .option('--settle <s>', 'what the doctor finds wrong afterwards may take so long to come right', '120')
    .action(
      async (
        deployment: string | undefined,
        { timeout, settle, ...options }: ClusterArguments & Waits & { namespace: string; revision?: string },
      ) => {
        const { rollback } = await import('../k8s/rollback.ts');
        const waits = { timeoutS: seconds('timeout', timeout), settleS: seconds('settle', settle) };
        process.exitCode = await rollback(repository, deployment ?? SERVING, { ...options, ...waits });
      },
    );

  withNamespace(withCluster(k8s.command('doctor')))
    .description(
      'looks at a running installation and says what to do. Exit code 0: healthy, 1: problems, 2: could not look',
    )
    .option('--json', 'as JSON')
    .action(async (options: ClusterArguments & { namespace: string; json?: boolean }) => {
      const { runDoctor } = await import('../k8s/doctor/run-doctor.ts');
      process.exitCode = await runDoctor(repository, options);
    });

  withNamespace(withCluster(k8s.command('monitor')))
    .description('autoscaler, pods, p99, experiments and releases, again and again; changes nothing')
    .option('--interval <s>', 'between two looks', '5')
    .option('--count <n>', 'end after so many looks')
    .option('--json', 'a line of JSON for each look')
    .action(
      async ({
        interval,
        count,
        ...options
      }: ClusterArguments & { namespace: string; interval: string; count?: string; json?: boolean }) => {
        const { monitor } = await import('../k8s/monitor.ts');
        const looks = count === undefined ? {} : { count: seconds('count', count) };
        await monitor({ ...options, intervalS: seconds('interval', interval), ...looks });
      },
    );
}

const withCluster = (command: Command): Command =>
  command
    .option('--kubeconfig <file>', "in place of kubectl's own choice")
    .option('--context <name>', 'cluster of the kubeconfig; the current one when absent');

const withNamespace = (command: Command): Command =>
  command.option('-n, --namespace <name>', 'where it is installed', NAMESPACE);

const withOverlay = (command: Command): Command =>
  command
    .option('--registry <prefix>', 'in front of shortlist/<image>, such as registry.example.com/team')
    .option('--tag <tag>', 'of all images of Shortlist')
    .option('--release <id>', 'model release of the pods; needs --manifest-sha256')
    .option('--manifest-sha256 <hex>', "sha256 of that release's manifest.json: pods refuse another")
    .option('-n, --namespace <name>', "in place of the overlay's")
    .option('--without <groups...>', 'API groups to leave out, such as monitoring.coreos.com');

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const REGISTRY = /^[a-z0-9][a-z0-9._:/-]*[a-z0-9]$/;

/** @throws `field_invalid` */
function overlayOptions({
  registry,
  tag,
  release,
  manifestSha256,
  namespace,
  without,
}: OverlayArguments): OverlayOptions {
  check('--registry', registry, REGISTRY, 'is no registry and path');
  check('--tag', tag, TAG, 'is no tag of an image');
  check('--namespace', namespace, NAME, 'is no name of a namespace');
  check('--manifest-sha256', manifestSha256, /^[0-9a-f]{64}$/, 'is not 64 hexadecimal digits');
  if ((release === undefined) !== (manifestSha256 === undefined))
    throw new ShortlistError('field_invalid', {
      field: release === undefined ? '--release' : '--manifest-sha256',
      reason: 'a release is named by both, its id and the sha256sum of its manifest.json',
    });
  return {
    ...(registry === undefined ? {} : { registry }),
    ...(tag === undefined ? {} : { tag }),
    ...(release === undefined || manifestSha256 === undefined ? {} : { release: { id: release, manifestSha256 } }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(without === undefined ? {} : { without }),
  };
}

function applyOptions(given: ApplyArguments) {
  const { kubeconfig, context, forceConflicts = false, full = false } = given;
  return {
    ...overlayOptions(given),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    forceConflicts,
    full,
  };
}

function check(field: string, text: string | undefined, pattern: RegExp, reason: string): void {
  if (text !== undefined && !pattern.test(text))
    throw new ShortlistError('field_invalid', { field, reason: `'${text}' ${reason}` });
}

function seconds(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ShortlistError('field_invalid', { field: `--${option}`, reason: `'${text}' is no whole number above 0` });
}
