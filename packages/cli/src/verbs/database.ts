import type { Command } from 'commander';
import type { Environment } from '../environment.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** `shortlist database start|stop|status|migrate`: the workspace's embedded PostgreSQL, for people and scripts. */
export function register(program: Command, environment: Environment): void {
  const verb = program.command('database').description("the workspace's PostgreSQL");
  verb
    .command('start')
    .description('start it and leave it running until stopped (other commands join it)')
    .action(async () => {
      const { createCluster } = await import('../workspace/database.ts');
      const cluster = createCluster(environment, say);
      say(`${await cluster.join()}/postgres`);
      await cluster.keepRunning();
      await cluster.leave();
    });
  verb
    .command('stop')
    .description('stop it, unless another command uses it')
    .action(async () => {
      const { createCluster } = await import('../workspace/database.ts');
      const users = await createCluster(environment, say).stop();
      say(users.length === 0 ? 'stopped' : `left running: used by process ${users.join(', ')}`);
    });
  verb
    .command('status')
    .description('say whether it runs, and where')
    .action(async () => {
      const { createCluster } = await import('../workspace/database.ts');
      const { running, pid, port, folder } = createCluster(environment).status();
      say(running ? `running: process ${pid}, port ${port}, files in ${folder}` : `stopped, files in ${folder}`);
    });
  verb
    .command('migrate')
    .description("bring a dataset's database up to date (every command does so when it opens it)")
    .requiredOption('--dataset <name>', 'dataset')
    .action(async ({ dataset }: { dataset: string }) => {
      const { withDatabase } = await import('../workspace/database.ts');
      const run = await withDatabase(environment, dataset, async ({ pool }) => {
        const { rows } = await pool.query<{ name: string }>('SELECT name FROM migrations ORDER BY id');
        return rows.map(({ name }) => name);
      });
      say(`${dataset}: ${run.join(', ')}`);
    });
}
