/** What stands after `--name` on the command line of a benchmark; `initial` without it. */
export function option(name: string, initial: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? initial : process.argv[at + 1]!;
}
