import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Container, WORKSPACE, type ContainerOptions } from './container.ts';
import type { ImageConfig } from './engine.ts';
import { DATASET, type Surroundings } from './surroundings.ts';

/** An image that lies unpacked. */
interface Unpacked {
  readonly config: ImageConfig;
  readonly root: string;
}

type Say = (line: string) => void;
type Proof = (image: Unpacked, around: Surroundings, say: Say) => Promise<void>;

const LOOPBACK = '127.0.0.1';

/** Ports of its own, so that it can run beside anything. */
const portsOf = (prefix: string): Record<string, string> => ({
  [`${prefix}HTTP_HOST`]: LOOPBACK,
  [`${prefix}HTTP_PORT`]: '0',
  [`${prefix}ADMIN_PORT`]: '0',
});

const storesOf = ({ databaseUrl, redisUrl }: Surroundings): Record<string, string> => ({
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  SHORTLIST_DATASET: DATASET,
});

/** Runs one to its end. */
async function output(options: ContainerOptions): Promise<{ code: number | string; stdout: string; said: string }> {
  const container = new Container(options);
  const code = await container.ended();
  return { code, stdout: container.stdout, said: container.said };
}

async function succeeds(options: ContainerOptions): Promise<string> {
  const { code, stdout, said } = await output(options);
  assert.equal(code, 0, said);
  return stdout;
}

/** Starts a service, waits until it is ready, uses it, and ends it as a rolling update does. */
async function served(
  options: ContainerOptions,
  use: (urls: { readonly http: string; readonly admin: string }) => Promise<void>,
): Promise<void> {
  const container = new Container(options);
  try {
    const { httpPort, adminPort } = await container.logged('listening');
    const http = `http://${LOOPBACK}:${String(httpPort)}`;
    const admin = `http://${LOOPBACK}:${String(adminPort)}`;
    await answers(`${http}/health/live`, 200);
    await container.logged('ready');
    for (const url of [http, admin]) await answers(`${url}/health/ready`, 200);
    await answers(`${admin}/metrics`, 200);
    await answers(`${http}/docs/swagger-ui-bundle.js`, 200);
    await use({ http, admin });
    assert.equal(await container.stop('SIGTERM'), 0, container.said);
  } finally {
    container.kill();
  }
}

async function answers(url: string, status: number, init?: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  const text = await response.text();
  assert.equal(response.status, status, `${url}: ${text.slice(0, 500)}`);
  return response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text;
}

const posted = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function serving(image: Unpacked, around: Surroundings, say: Say): Promise<void> {
  const variables = { ...storesOf(around), ...portsOf('SHORTLIST_') };
  const empty = new Container({ ...image, variables, workspace: around.emptyWorkspace() });
  assert.equal(await empty.ended(), 2, empty.said);
  const last = empty.lines().find(({ code }) => code === 'release_none_active');
  assert.ok(last, empty.said);
  say(`without a release: exit code 2, '${String(last.msg)}'`);

  const modules = `
    import hnswlib from 'hnswlib-node';
    import { InferenceSession } from 'onnxruntime-node';
    const index = new hnswlib.HierarchicalNSW('cosine', 2);
    index.initIndex(1); index.addPoint([1, 0], 7);
    console.log(index.searchKnn([1, 0], 1).neighbors[0], typeof InferenceSession.create);`;
  const entrypoint = ['node', '--input-type=module', '--eval', modules];
  assert.equal(await succeeds({ ...image, entrypoint, workspace: around.workspace }), '7 function\n');
  say('native modules load and work: hnswlib-node, onnxruntime-node');

  await served({ ...image, variables, workspace: around.workspace }, async ({ http }) => {
    const asked = { session_id: 's', context: { recent_items: ['item-1', 'item-2'] }, num_items: 10 };
    const slate = (await answers(`${http}/recommend`, 200, posted(asked))) as {
      recommendations: unknown[];
      tier: string;
      model_version: string;
    };
    assert.equal(slate.recommendations.length, 10);
    assert.equal(slate.model_version, around.release);
    say(
      `with a release: ready, 10 items of tier ${slate.tier} from release ${slate.model_version}, drained by SIGTERM`,
    );
  });
}

async function ingest(image: Unpacked, around: Surroundings, say: Say): Promise<void> {
  const variables = { ...storesOf(around), ...portsOf('SHORTLIST_INGEST_') };
  await served({ ...image, variables, workspace: around.emptyWorkspace() }, async ({ http }) => {
    const event = { event_id: 'one', user_id: 'ann', item_id: 'item-1', type: 'view' };
    await answers(`${http}/events`, 202, posted(event));
    say('ready on PostgreSQL and Valkey, took an event, drained by SIGTERM');
  });
}

async function experiments(image: Unpacked, around: Surroundings, say: Say): Promise<void> {
  const variables = { ...storesOf(around), ...portsOf('SHORTLIST_EXPERIMENTS_') };
  await served({ ...image, variables, workspace: around.emptyWorkspace() }, async ({ http }) => {
    await answers(`${http}/experiments`, 200);
    say('ready on PostgreSQL and Valkey, lists experiments, drained by SIGTERM');
  });
}

async function cli(image: Unpacked, around: Surroundings, say: Say): Promise<void> {
  const { workspace } = around;
  assert.match(await succeeds({ ...image, workspace }), /Usage: shortlist/);
  say('--help');
  const variables = storesOf(around);
  const migrate = ['database', 'migrate', '--dataset', DATASET];
  const migrated = await succeeds({ ...image, variables, workspace: around.emptyWorkspace(), args: migrate });
  say(`database migrate: ${migrated.trim().split(', ').length} migrations on an empty PostgreSQL`);
  const verified = await succeeds({ ...image, workspace, args: ['release', 'verify', '--dataset', DATASET] });
  assert.ok(verified.includes(around.release), verified);
  say('release verify: loads the release as a pod would');

  // A job that handles no signal ends by SIGTERM: not the kernel's way with process 1.
  const entrypoint = [
    ...image.config.Entrypoint.slice(0, 3),
    '--eval',
    'console.log("runs"); setInterval(() => {}, 1000)',
  ];
  const idle = new Container({ ...image, entrypoint, args: [], workspace });
  try {
    await idle.printed('runs');
    assert.equal(await idle.stop('SIGTERM'), 143, idle.said);
    say('ends by SIGTERM where a verb handles none');
  } finally {
    idle.kill();
  }
}

async function trainer(image: Unpacked, { workspace }: Surroundings, say: Say): Promise<void> {
  const code = 'import onnx, onnxruntime, pyarrow, scipy, shortlist_models, torch; print(torch.__version__)';
  const entrypoint = ['/app/.venv/bin/python', '-c', code];
  const config = { ...image.config, WorkingDir: '/app/models' };
  say(`imports its models, torch ${(await succeeds({ ...image, config, entrypoint, args: [], workspace })).trim()}`);
}

/** There is no API server here: it says so, lives on and is not ready. What it does with one: test/kubernetes. */
async function controller(image: Unpacked, around: Surroundings, say: Say): Promise<void> {
  const nowhere = `apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{ name: nowhere, cluster: { server: 'http://${LOOPBACK}:1' } }]
contexts: [{ name: nowhere, context: { cluster: nowhere, user: nobody } }]
users: [{ name: nobody, user: {} }]
`;
  const workspace = around.emptyWorkspace();
  writeFileSync(join(workspace, 'kubeconfig'), nowhere);
  const variables = {
    ...portsOf('SHORTLIST_CONTROLLER_'),
    SHORTLIST_CONTROLLER_KUBECONFIG: join(WORKSPACE, 'kubeconfig'),
  };
  const container = new Container({ ...image, variables, workspace });
  try {
    const { adminPort } = await container.logged('ready');
    const admin = `http://${LOOPBACK}:${String(adminPort ?? (await container.logged('listening')).adminPort)}`;
    await answers(`${admin}/health/live`, 200);
    await answers(`${admin}/metrics`, 200);
    assert.equal(await container.stop('SIGTERM'), 0, container.said);
    say('lives without an API server, and drains by SIGTERM');
  } finally {
    container.kill();
  }
}

/** In this order: the command line migrates the database that the services then use. */
export const PROOFS: Readonly<Record<string, Proof>> = { cli, serving, ingest, experiments, controller, trainer };
