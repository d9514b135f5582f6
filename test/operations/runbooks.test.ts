import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROUTES as EXPERIMENTS } from '@shortlist/experiments/routes/routes.ts';
import { ROUTES as INGEST } from '@shortlist/ingest/routes/routes.ts';
import { ROUTES as SERVING } from '@shortlist/serving/routes/routes.ts';
import { readEnvironment } from '../../packages/cli/src/environment.ts';
import { ALERTS, ROOT, RUNBOOKS, runbookOf } from './alert-rules.ts';

const FOLDER = join(ROOT, 'docs/runbooks');
const FILES = readdirSync(FOLDER);
const textOf = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');
const all = FILES.map((file) => [file, textOf(file)] as const);

/** The command line, made of all its verbs. */
let program: Command;
beforeAll(async () => {
  program = new Command();
  for (const file of globSync('packages/cli/src/verbs/*.ts', { cwd: ROOT })) {
    const verb = (await import(join(ROOT, file))) as { register?(program: Command, environment: object): void };
    verb.register?.(program, readEnvironment({}));
  }
});

describe('runbooks', () => {
  it.each(ALERTS.map((rule) => [rule.alert, rule] as const))('%s points to one that names it', (alert, rule) => {
    expect(rule.annotations.runbook_url).toMatch(new RegExp(`^${RUNBOOKS}[a-z0-9-]+\\.md$`));
    expect(textOf(runbookOf(rule))).toContain(`\`${alert}\``);
    expect(textOf('README.md')).toContain(`\`${alert}\``);
  });

  it('are all of an alert, but for those of recovery and their index', () => {
    const pointedTo = new Set(ALERTS.map(runbookOf));
    expect(FILES.filter((file) => !pointedTo.has(file)).sort()).toEqual(['README.md', 'recovery.md']);
  });

  it.each(all.filter(([file]) => !['README.md', 'recovery.md'].includes(file)))(
    '%s says what it means, where to look, what to do and when it is over',
    (_, text) =>
      expect(text).toMatch(
        /^# .+\n\nAlerts?: .+\n\n.+\n\n## Look\n\n```\n[^]+```\n\n## Mend\n\n- [^]+\n\nIt is over when .+/,
      ),
  );

  it('name only commands that there are', () => {
    // At the start of a line of a code block, or of a code span: verbs, then the rest with its options.
    const commands = all.flatMap(([, text]) => [
      ...text.matchAll(/(?:^|`)shortlist ([a-z][a-z0-9]*(?: [a-z][a-z-]*)*)([^`\n]*)/gm),
    ]);
    expect(commands.length).toBeGreaterThan(40);
    for (const [line, words, rest] of commands) {
      let command = program;
      for (const word of words!.split(' ')) {
        const next = command.commands.find((one) => one.name() === word);
        const isArgument = command.registeredArguments.some(({ argChoices = [] }) => argChoices.includes(word));
        expect(next !== undefined || isArgument, line).toBe(true);
        command = next ?? command;
      }
      for (const [option] of rest!.split('#')[0]!.matchAll(/--[a-z-]+/g))
        expect(
          command.options.map(({ long }) => long),
          line,
        ).toContain(option);
    }
  });

  it('ask only for routes that there are', () => {
    const routes = { POD: SERVING, ADMIN: SERVING, INGEST, EXPERIMENTS };
    for (const [file, text] of all)
      for (const [, service, path] of text.matchAll(/\$(POD|ADMIN|INGEST|EXPERIMENTS)(\/[a-z/-]+)/g)) {
        const known = routes[service as keyof typeof routes].map((route) => route.path);
        expect(known, file).toContain(path);
      }
  });

  it('name only metrics, settings and pages that there are', () => {
    const sources = globSync('packages/*/src/**/*.ts', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    const metrics = new Set(sources.flatMap((text) => text.match(/shortlist_[a-z_]+/g) ?? []));
    // Two of them are put together from parts.
    for (const unit of ['batches', 'events', 'seconds']) metrics.add(`shortlist_aggregator_lag_${unit}`);
    const settings = globSync('docs/configuration*.md', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    for (const [file, text] of all) {
      for (const [name] of text.matchAll(/\bshortlist_[a-z_]+[a-z]/g))
        expect(
          [...metrics].some((metric) => metric.startsWith(name)),
          `${file}: ${name}`,
        ).toBe(true);
      for (const [name] of text.matchAll(/\bSHORTLIST_[A-Z_]+/g))
        expect(
          settings.some((page) => page.includes(`\`${name}\``)),
          `${file}: ${name}`,
        ).toBe(true);
      for (const [, link] of text.matchAll(/\]\(([^)#]+)\)/g))
        expect(existsSync(join(dirname(join(FOLDER, file)), link!)), `${file}: ${link}`).toBe(true);
    }
  });
});
