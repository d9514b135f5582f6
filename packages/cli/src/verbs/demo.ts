import type { Command } from 'commander';
import type { Environment } from '../environment.ts';
import { upOptions, withPorts, type PortOptions } from './up.ts';

/** `shortlist demo`: from nothing to answered requests; what is done already is not done again. */
export function register(program: Command, environment: Environment): void {
  withPorts(
    program.command('demo').description('data, training, release, servers and a few answered requests, in one go'),
  )
    .option('--exit', 'end after the requests')
    .action(async (options: PortOptions & { exit?: boolean }) => {
      const { runDemo } = await import('../demo/demo.ts');
      await runDemo(environment, upOptions(options), options.exit ?? false);
    });
}
