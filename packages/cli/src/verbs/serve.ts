import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';

interface Options {
  readonly processes: string;
  readonly port: string;
  readonly adminPort: string;
  readonly dataset?: string;
}

const PROCESSES_MAX = 256;

/** `shortlist serve`: ranking pods alone, as a container runs them. */
export function register(program: Command, environment: Environment): void {
  program
    .command('serve')
    .description('run ranking pods that share one port, one process per core; settings: docs/configuration.md')
    .option('--processes <n>', 'how many; auto is one per core', '1')
    .option('--port <n>', 'port of the API, shared by all; 0 takes a free one', '8080')
    .option('--admin-port <n>', 'admin and metrics port of the first process, the next ones for the others', '8081')
    .option('--dataset <name>', 'dataset; SHORTLIST_DATASET where absent')
    .action(async (options: Options) => {
      const { serve } = await import('../serve/serve.ts');
      const { stopSignal } = await import('../up/stop-signal.ts');
      const processes =
        options.processes === 'auto'
          ? availableParallelism()
          : within('--processes', options.processes, 1, PROCESSES_MAX);
      const serving = {
        repository: environment.repository,
        variables: environment.variables ?? {},
        processes,
        httpPort: within('--port', options.port, 0, 65_535),
        adminPort: within('--admin-port', options.adminPort, 0, 65_535 - processes),
        ...(options.dataset === undefined ? {} : { dataset: options.dataset }),
        onLogLine: (line: string) => void process.stdout.write(`${line}\n`),
        say: (line: string) => void process.stderr.write(`${line}\n`),
      };
      await serve(serving, stopSignal());
    });
}

function within(field: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ShortlistError('field_invalid', { field, reason: `'${text}' is no whole number of ${least} to ${most}` });
}
