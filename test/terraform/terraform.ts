import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { globSync } from 'node:fs';

const ROOT = join(import.meta.dirname, '../..');
export const TERRAFORM = join(ROOT, 'terraform');
const SCHEMA_PROVIDER = join(import.meta.dirname, 'schema-provider');
const REGISTRY = 'registry.terraform.io';

/** REQUIRE_TERRAFORM=1 turns what would be skipped into a failure. */
function absent(reason: string): string {
  if (process.env.REQUIRE_TERRAFORM !== undefined) throw new Error(reason);
  return `skipped: ${reason}`;
}

const PROGRAM = ['terraform', 'tofu'].find((name) => spawnSync(name, ['version']).error === undefined);

/** Why tests that need Terraform are skipped; '' when it is there. */
export const noTerraform = PROGRAM === undefined ? absent('neither terraform nor tofu is on PATH') : '';

/**
 * Folder in which the plugins of the real AWS provider lie, as `terraform providers mirror` makes it: TERRAFORM_PLUGINS,
 * or one of the places where Terraform itself looks and machines have theirs.
 */
function mirrorOf(provider: string): string | undefined {
  const places = [
    ...(process.env.TERRAFORM_PLUGINS === undefined ? [] : [process.env.TERRAFORM_PLUGINS]),
    join(homedir(), '.terraform.d/plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
    ...globSync(`/opt/*/${REGISTRY}`).map((folder) => join(folder, '..')),
  ];
  return places.find((folder) => existsSync(join(folder, REGISTRY, provider)));
}

export const awsPlugins = mirrorOf('hashicorp/aws');

/** Why tests that need the real AWS provider are skipped; '' when it is there. */
export const noAws =
  noTerraform ||
  (awsPlugins === undefined
    ? absent(
        'no plugin of hashicorp/aws: `terraform providers mirror DIR` in terraform/aws, then TERRAFORM_PLUGINS=DIR',
      )
    : '');

/** Where `schema-provider/build` puts its result: by what it was built from. */
function schemaPlugins(): string {
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum', 'google.json', 'random.json'])
    hash.update(readFileSync(join(SCHEMA_PROVIDER, file)));
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(cache, 'shortlist/terraform', hash.digest('hex').slice(0, 16));
}

export const googlePlugins = schemaPlugins();

/** Why tests that need the schema of Google's provider are skipped; '' when it is there. */
export const noGoogle =
  noTerraform ||
  (existsSync(join(googlePlugins, REGISTRY)) ? '' : absent('test/terraform/schema-provider/build has not been run'));

export interface Run {
  readonly status: number | null;
  /** What it wrote, to either. */
  readonly output: string;
}

/** A copy of terraform/ in which it may leave its files. */
export function workingCopy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-terraform-'));
  cpSync(TERRAFORM, folder, { recursive: true, filter: (path) => !/\.terraform(\.lock\.hcl)?$/.test(path) });
  return folder;
}

/** Runs Terraform in `folder`, without network, credentials or settings of this machine. */
export function terraform(folder: string, ...args: readonly string[]): Run {
  const { TF_CLI_CONFIG_FILE: _, ...environment } = process.env;
  const { status, stdout, stderr } = spawnSync(PROGRAM ?? 'terraform', args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...environment, TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1', AWS_EC2_METADATA_DISABLED: 'true' },
  });
  return { status, output: stdout + stderr };
}

/** `init` from the plugins of a folder; none are needed where no provider is. */
export const init = (folder: string, plugins?: string): Run =>
  terraform(
    folder,
    'init',
    '-backend=false',
    '-input=false',
    '-no-color',
    ...(plugins === undefined ? [] : [`-plugin-dir=${plugins}`]),
  );

/** Terraform files below a folder, as paths relative to it. */
export const filesOf = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending) && !file.includes('.terraform/'))
    .sort();
