import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { addNodes } from './control-plane/nodes.ts';
import { startMetricsApi, type MetricsApi } from './metrics-api/metrics-api.ts';

/**
 * Runs what docs/kubernetes.md and the runbooks mark with `#*`, in the order in which they stand there, by a shell, against
 * a real control plane: the mark is a claim, and this is its proof.
 */
const { folder: binaries, absent } = findBinaries('full');
const REPOSITORY = resolve(import.meta.dirname, '../..');
const DOCS = join(REPOSITORY, 'docs');
const MINUTES_10 = 600_000;

interface Command {
  readonly line: string;
  /** Exit codes that are as the page says. */
  readonly codes: readonly number[];
}

/** Lines of code blocks that end with `#*` and a comment; one that names another exit code means it. */
function markedIn(text: string): Command[] {
  return [...text.matchAll(/^(\S.*?)\s+#\*(.*)$/gm)].map(([, line, comment]) => {
    // Kwok's pods cannot be asked, so that the doctor says that it could not look at everything; make turns that into 2.
    if (/\bdoctor\b/.test(line!)) return { line: line!, codes: [0, 2] };
    return { line: line!, codes: [Number(/exit code (\d)/.exec(comment!)?.[1] ?? 0)] };
  });
}

const page = readFileSync(join(DOCS, 'kubernetes.md'), 'utf8');
const [start = '', production = '', end = ''] = page.split(/^(?=## 3\. |### Taking it away)/m);
const runbooks = readdirSync(join(DOCS, 'runbooks')).map((file) => readFileSync(join(DOCS, 'runbooks', file), 'utf8'));
/** What runbooks tell to do, which stands in their text. */
const mends = runbooks.flatMap((text) =>
  [...text.matchAll(/`(kubectl -n shortlist (?:scale|label|delete|patch) [^`]+)`/g)].map(([, line]) => ({
    line: line!,
    codes: [0],
  })),
);
const looks = runbooks.flatMap(markedIn);

let plane: ControlPlane;
let metrics: MetricsApi;
let folder: string;

/** Names of pods that are not on their way out. */
const STAYING = '{{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}';

/** The documented names, as this machine has them. */
const prelude = () => `
set -o pipefail
shortlist() { ${join(REPOSITORY, 'packages/cli/bin/shortlist')} "$@"; }
make() { command make --no-print-directory -C ${REPOSITORY} "$@"; }
export NAME=$(kubectl -n shortlist get pods -l app.kubernetes.io/name=serving -o go-template='${STAYING}' 2>/dev/null | cut -d' ' -f1) OVERLAY=production
`;

function run({ line }: Command): Promise<{ code: number; output: string }> {
  // Of a watch, one look.
  const finite = line.replace(/^make monitor$/, "make monitor ARGS='--count 1'");
  const env = {
    ...process.env,
    KUBECONFIG: plane.kubeconfig,
    KUBECACHEDIR: join(plane.folder, 'cache'),
    PATH: `${binaries}:${process.env.PATH}`,
  };
  const child = spawn('bash', ['-c', prelude() + finite], { cwd: folder, env });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  return new Promise((done) => child.on('close', (code) => done({ code: code ?? -1, output })));
}

async function expectToRun(commands: readonly Command[]): Promise<void> {
  for (const command of commands) {
    const { code, output } = await run(command);
    expect(command.codes, `${command.line} ended with ${code}:\n${output.slice(-4_000)}`).toContain(code);
  }
}

async function holdLease(): Promise<void> {
  const spec = {
    holderIdentity: 'controller-0',
    leaseDurationSeconds: 86_400,
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  };
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'shortlist-controller', namespace: 'shortlist' },
    spec,
  };
  await plane.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(lease));
}

beforeAll(async () => {
  if (absent) return;
  folder = mkdtempSync(join(tmpdir(), 'shortlist-documented-'));
  writeFileSync(join(folder, 'FILE'), 'postgres://nobody@nowhere/shortlist');
  writeFileSync(join(folder, 'manifest.json'), '{}');
  const variants = [
    { name: 'control', weight: 0.5 },
    { name: 'diverse', weight: 0.5, parameters: { diversity: { lambda: 0.5 } } },
  ];
  const spec = { layer: 'ranking', variants, metrics: { success: ['click-rate'] } };
  writeFileSync(
    join(folder, 'experiment.yaml'),
    JSON.stringify({ apiVersion: 'shortlist.dev/v1alpha1', kind: 'Experiment', metadata: { name: 'checkout' }, spec }),
  );
  plane = await startControlPlane();
  metrics = await startMetricsApi(plane);
  metrics.set('shortlist', {
    cpu: { serving: '550m' },
    external: { ranking_p99_pressure: '75' },
    pods: { shortlist_admitted_in_flight: '5' },
  });
  const current = (await plane.kubectl(['config', 'current-context'])).trim();
  const [cluster, user] = await Promise.all(
    ['cluster', 'user'].map((field) =>
      plane.kubectl(['config', 'view', '-o', `jsonpath={.contexts[?(@.name=="${current}")].context.${field}}`]),
    ),
  );
  for (const name of ['kind-kind', 'production'])
    await plane.kubectl(['config', 'set-context', name, `--cluster=${cluster}`, `--user=${user}`]);
  await addNodes(plane, ['a', 'b', 'c'], 4);
  const volume = (name: string, mode: string, storageClassName: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '200Gi' },
      accessModes: [mode],
      storageClassName,
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: '/nowhere' },
    },
  });
  for (const each of [
    volume('one', 'ReadWriteOnce', ''),
    volume('two', 'ReadWriteOnce', ''),
    volume('many', 'ReadWriteMany', 'shortlist-releases'),
  ])
    await plane.request('POST', '/api/v1/persistentvolumes', each);
  await plane.kubectl(['create', 'namespace', 'edge']);
  await plane.kubectl(['create', 'namespace', 'shortlist']);
  await holdLease();
}, MINUTES_10);
afterAll(async () => {
  await metrics?.stop();
  await plane?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

describe(`documented commands on a real control plane ${absent}`, { timeout: 2 * MINUTES_10 }, () => {
  it('are marked, so that this finds them', () => {
    expect(
      [markedIn(start).length, markedIn(production).length, looks.length, mends.length].every((count) => count > 3),
    ).toBe(true);
  });

  it.skipIf(absent)('bring up a small one', async () => {
    await expectToRun(markedIn(start).filter(({ line }) => !line.startsWith('kubectl -n shortlist create job')));
  });

  it.skipIf(absent)('bring up production, deploy and roll back', async () => {
    await plane.kubectl(['delete', 'namespace', 'shortlist', '--wait', '--timeout=240s']);
    // Brought by what section 1 asks for.
    const crds = readdirSync(join(binaries, 'crds')).map((file) => join(binaries, 'crds', file));
    await plane.kubectl(['apply', '--server-side', ...crds.flatMap((file) => ['-f', file])]);
    const [namespace, ...commands] = markedIn(production);
    await expectToRun([namespace!]);
    await holdLease();
    await expectToRun(commands);
  });

  it.skipIf(absent)('look and mend as runbooks say', async () => {
    await expectToRun(looks);
    await expectToRun(mends);
  });

  it.skipIf(absent)('take it away', async () => {
    await expectToRun(markedIn(end));
    await expect(plane.request('GET', '/api/v1/namespaces/shortlist')).rejects.toThrow(/404|not found/i);
  });
});
