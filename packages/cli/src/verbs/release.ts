import { InvalidArgumentError, type Command } from 'commander';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import type { Environment } from '../environment.ts';
import type * as commandsModule from '../release/release-commands.ts';

interface Options {
  readonly dataset: string;
  readonly json?: boolean;
}

type Commands = typeof commandsModule;

/** `shortlist release list|show|verify|activate|rollback|gate|prune`. */
export function register(program: Command, environment: Environment): void {
  const verb = program.command('release').description('the releases of a dataset: look, check, switch');
  const run = async (
    options: Options,
    work: (commands: Commands, registry: ReleaseRegistry) => Promise<commandsModule.Outcome>,
  ): Promise<void> => {
    const commands = await import('../release/release-commands.ts');
    const { openRegistry } = await import('../workspace/open-registry.ts');
    const outcome = await work(commands, openRegistry(environment.home, options.dataset));
    process.stdout.write(options.json ? `${JSON.stringify(outcome.json, null, 2)}\n` : outcome.text);
    if (!outcome.ok) process.exitCode = 2;
  };
  const command = (signature: string, description: string) =>
    verb
      .command(signature)
      .description(description)
      .option('--dataset <name>', 'dataset', 'demo')
      .option('--json', 'print JSON');

  command('list', 'all releases, newest first').action((options: Options) =>
    run(options, (commands, registry) => commands.listReleases(registry)),
  );
  command('show [release]', 'what a release holds; the active one by default').action(
    (release: string | undefined, options: Options) =>
      run(options, (commands, registry) => commands.showRelease(registry, release)),
  );
  command('verify [release]', 'load it as a pod would: digests, models, golden outputs').action(
    (release: string | undefined, options: Options) =>
      run(options, (commands, registry) => commands.verifyRelease(registry, release)),
  );
  command('gate <release>', 'may it take over from the active one? Exit code 2 when not')
    .option('--inferiority-max <share>', 'allowed shortfall below the interval of the active release', '0')
    .action((release: string, options: Options & { inferiorityMax: string }) =>
      run(options, (commands, registry) =>
        commands.gateCandidate(registry, release, { inferiorityMax: shareOption(options.inferiorityMax) }),
      ),
    );
  command('activate <release>', 'verify it, ask the gate and switch to it; running pods follow')
    .option('--force', 'do not ask the gate')
    .action((release: string, options: Options & { force?: boolean }) =>
      run(options, (commands, registry) =>
        commands.activateRelease(registry, release, { gate: options.force !== true }),
      ),
    );
  command('rollback', 'switch back to the release before').action((options: Options) =>
    run(options, (commands, registry) => commands.rollbackRelease(registry)),
  );
  command('prune', 'remove all but the newest releases, the active one and the one before it')
    .requiredOption('--keep <n>', 'releases to keep; more than your experiments and roll-outs go back', parseKeep)
    .option('--dry-run', 'only name them')
    .action((options: Options & { keep: number; dryRun?: boolean }) =>
      run(options, (commands, registry) =>
        commands.pruneReleases(registry, { keep: options.keep, dryRun: options.dryRun === true }),
      ),
    );
}

function parseKeep(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('not an integer >= 1.');
  return count;
}

function shareOption(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new ShortlistError('field_invalid', {
    field: '--inferiority-max',
    reason: `'${text}' is no share from 0 to 1`,
  });
}
