import { readFileSync } from 'node:fs';

export interface Instruction {
  /** Upper case. */
  readonly keyword: string;
  /** `--from=build` as `from: 'build'`. */
  readonly flags: Readonly<Record<string, string>>;
  /** The rest, continuation lines joined. */
  readonly text: string;
}

export interface Stage {
  /** As written: an image or an earlier stage. */
  readonly from: string;
  /** '' where it has none. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

export interface Containerfile {
  /** ARG lines before the first FROM. */
  readonly globals: readonly Instruction[];
  readonly stages: readonly Stage[];
}

/** As far as the tests of this folder need it; hadolint judges the syntax. */
export function readContainerfile(path: string): Containerfile {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const globals: Instruction[] = [];
  const stages: { from: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const instruction = instructionOf(line);
    if (instruction.keyword === 'FROM') {
      const [from = '', , name = ''] = instruction.text.split(/\s+/);
      stages.push({ from, name, instructions: [] });
    } else (stages.at(-1)?.instructions ?? globals).push(instruction);
  }
  return { globals, stages };
}

function instructionOf(line: string): Instruction {
  const [, keyword = '', flagged = '', text = ''] = /^\s*(\w+)\s+((?:--\S+\s+)*)(.*)$/.exec(line) ?? [];
  const flags = flagged.split(/\s+/).filter((flag) => flag !== '');
  return {
    keyword: keyword.toUpperCase(),
    flags: Object.fromEntries(
      flags.map((flag) => {
        const [name = '', ...value] = flag.slice(2).split('=');
        return [name, value.join('=')];
      }),
    ),
    text: text.trim(),
  };
}

/** The instructions of a stage with those of the stages that it is built on, in the order they run. */
export function lineageOf({ stages }: Containerfile, stage: Stage): readonly Instruction[] {
  const base = stages.find(({ name }) => name !== '' && name === stage.from);
  return [...(base === undefined ? [] : lineageOf({ globals: [], stages }, base)), ...stage.instructions];
}

/** What COPY takes from the checkout: its sources, without those from other stages. */
export function copiedBy(instructions: readonly Instruction[]): readonly string[] {
  return instructions
    .filter(({ keyword, flags }) => keyword === 'COPY' && flags.from === undefined)
    .flatMap(({ text }) => text.split(/\s+/).slice(0, -1));
}
