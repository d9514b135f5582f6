/** The commands that a person would type, in order; each does nothing when its work is done already. */
export function demoSteps(dataset: string): readonly (readonly string[])[] {
  const source = dataset === 'demo' ? [['generate'], ['import', 'jsonl', '--dataset', dataset]] : [['import', dataset]];
  return [...source, ['train', '--dataset', dataset]];
}
