import type { Command } from 'commander';
import type { Environment } from '../environment.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** `shortlist redis start|stop|status`: the workspace's embedded Valkey, for people and scripts. */
export function register(program: Command, environment: Environment): void {
  const verb = program.command('redis').description("the workspace's Valkey");
  const open = async () => new (await import('../workspace/valkey-server.ts')).ValkeyServer(environment);
  verb
    .command('start')
    .description('start it and leave it running until stopped (other commands join it)')
    .action(async () => {
      const server = await open();
      say(await server.join());
      await server.keepRunning();
      await server.leave();
    });
  verb
    .command('stop')
    .description('stop it, unless another command uses it; what it holds is made again from PostgreSQL')
    .action(async () => {
      const users = await (await open()).stop();
      say(users.length === 0 ? 'stopped' : `left running: used by process ${users.join(', ')}`);
    });
  verb
    .command('status')
    .description('say whether it runs, and where')
    .action(async () => {
      const { running, pid, port } = (await open()).status();
      say(running ? `running: process ${pid}, port ${port}` : 'stopped');
    });
}
