import { resolve, join } from 'node:path';
import { Argument, type Command } from 'commander';
import type { Environment } from '../environment.ts';
import { SOURCES, type SourceName } from '../import/sources.ts';
import { datasetPaths } from '../workspace/paths.ts';

interface Options {
  data?: string;
  dataset?: string;
  replace?: boolean;
}

/** Named sources are their own dataset; the shop that `generate` makes is `demo`. */
const defaultDataset = (source: SourceName) => (source === 'csv' || source === 'jsonl' ? 'demo' : source);

/** `shortlist import`: events and catalogue into the dataset's database. */
export function register(program: Command, environment: Environment): void {
  const names = Object.keys(SOURCES) as SourceName[];
  const sources = names.map((name) => `  ${name.padEnd(14)} ${SOURCES[name].description}`).join('\n');
  program
    .command('import')
    .description('bring events and catalogue into the database; again: only what is new')
    .addArgument(new Argument('<source>', 'format of the data').choices(names))
    .option('--data <dir>', 'folder of the files (default: SHORTLIST_DATA/<source>; jsonl: what generate wrote)')
    .option('--dataset <name>', 'dataset to import into (default: the source, demo for csv and jsonl)')
    .option('--replace', 'forget what the dataset held before')
    .addHelpText('after', `\nSources:\n${sources}`)
    .action(async (source: SourceName, { data, dataset = defaultDataset(source), replace = false }: Options) => {
      const { runImport } = await import('../import/run-import.ts');
      const { reportText } = await import('../import/report-text.ts');
      const { startProgress } = await import('../progress.ts');
      const generated = datasetPaths(environment.home, dataset).source;
      const usual = source === 'jsonl' ? generated : join(environment.dataFolder, source);
      const folder = data === undefined ? usual : resolve(data);
      const progress = startProgress();
      const log = (line: string) => void process.stderr.write(`${line}\n`);
      try {
        const report = await runImport(environment, { source, dataset, folder, replace, progress, log });
        process.stdout.write(`${reportText(report)}\n`);
      } finally {
        progress.stop();
      }
    });
}
