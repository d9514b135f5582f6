import { Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { readEnvironment, type Environment } from './environment.ts';
import { register as capacity } from './verbs/capacity.ts';
import { register as database } from './verbs/database.ts';
import { register as demo } from './verbs/demo.ts';
import { register as evaluate } from './verbs/evaluate.ts';
import { register as events } from './verbs/events.ts';
import { register as experiment } from './verbs/experiment.ts';
import { register as generate } from './verbs/generate.ts';
import { register as importVerb } from './verbs/import.ts';
import { register as k8s } from './verbs/k8s.ts';
import { register as liveState } from './verbs/live-state.ts';
import { register as precompute } from './verbs/precompute.ts';
import { register as redis } from './verbs/redis.ts';
import { register as release } from './verbs/release.ts';
import { register as retention } from './verbs/retention.ts';
import { register as serve } from './verbs/serve.ts';
import { register as train } from './verbs/train.ts';
import { register as up } from './verbs/up.ts';
import { codedIfDiskFull, codedWriteError } from './write-error.ts';

/** A verb adds itself to the program. It imports what is heavy inside its action, so that `--help` stays instant. */
export type Verb = (program: Command, environment: Environment) => void;

const VERBS: readonly Verb[] = [
  demo,
  up,
  serve,
  database,
  redis,
  generate,
  importVerb,
  events,
  liveState,
  retention,
  train,
  release,
  evaluate,
  experiment,
  precompute,
  capacity,
  k8s,
];

/** Prints an operating error as one line (exit code 2); anything else is a bug and shows its stack (exit code 1). */
function report(thrown: unknown): void {
  const error = codedIfDiskFull(thrown);
  if (error instanceof ShortlistError) {
    process.stderr.write(`error ${error.code}: ${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

// A reader that has gone (`| head`) or a full disk behind `>`: the stream says so here, to nobody else.
process.stdout.on('error', (error) => {
  report(codedWriteError(error, 'the standard output'));
  process.exit();
});
try {
  const environment = readEnvironment(process.env);
  const program = new Command('shortlist')
    .description('Recommendations with built-in experiments: every job a person or a CronJob runs.')
    .showHelpAfterError();
  for (const register of VERBS) register(program, environment);
  await program.parseAsync();
} catch (error) {
  report(error);
}
