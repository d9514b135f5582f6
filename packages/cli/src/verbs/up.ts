import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import type { UpOptions } from '../up/up.ts';

export interface PortOptions {
  readonly dataset: string;
  readonly port: string;
  readonly adminPort: string;
  readonly ingestPort: string;
  readonly experimentsPort: string;
  readonly storefrontPort: string;
  readonly rules?: string;
}

/** Adds the options that `up` and `demo` share. */
export function withPorts(command: Command, dataset = 'demo'): Command {
  return command
    .option('--dataset <name>', 'dataset', dataset)
    .option('--port <n>', 'port of the API', '8080')
    .option('--admin-port <n>', 'port of the admin pages', '8081')
    .option('--ingest-port <n>', 'port that takes events and catalogue changes', '8090')
    .option('--experiments-port <n>', 'port of the experiments service', '8092')
    .option('--storefront-port <n>', 'port of the shop page', '8082')
    .option('--rules <file>', 'business rules (YAML), reloaded when the file changes');
}

function portOf(name: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new ShortlistError('field_invalid', { field: `--${name}`, reason: `'${text}' is no port` });
  return port;
}

/** `shortlist up`: the databases, ingest, experiments, a pod and the storefront, until stopped. */
export function register(program: Command, environment: Environment): void {
  withPorts(
    program
      .command('up')
      .description('run the servers of a dataset: PostgreSQL, Valkey, ingest, experiments, ranking pod, storefront'),
  ).action(async (options: PortOptions) => {
    const { addresses, withPlatform } = await import('../up/up.ts');
    const { stopSignal } = await import('../up/stop-signal.ts');
    await withPlatform(environment, upOptions(options), stopSignal(), async (platform) => {
      process.stdout.write(`Up. Stop with Ctrl-C.\n${addresses(platform)}\n`);
      await platform.untilStopped();
    });
  });
}

export function upOptions(options: PortOptions): UpOptions {
  const ports = {
    httpPort: portOf('port', options.port),
    adminPort: portOf('admin-port', options.adminPort),
    ingestPort: portOf('ingest-port', options.ingestPort),
    experimentsPort: portOf('experiments-port', options.experimentsPort),
    storefrontPort: portOf('storefront-port', options.storefrontPort),
  };
  if (new Set(Object.values(ports)).size < Object.keys(ports).length)
    throw new ShortlistError('field_invalid', {
      field: '--port, --admin-port, --ingest-port, --experiments-port, --storefront-port',
      reason: `they must differ (${Object.values(ports).join(', ')})`,
    });
  return {
    dataset: options.dataset,
    host: '127.0.0.1',
    ...ports,
    // From where the command is run, not from where the pod runs.
    ...(options.rules === undefined ? {} : { rulesFile: resolve(options.rules) }),
    log: (line: string) => void process.stderr.write(`${line}\n`),
  };
}
