const FATAL = 60;
/** A coded error of the configuration, or what Node says of an exception that nobody caught. */
const BEFORE_LOGGER = /^error (.+)|^(\w*Error(?: \[\w+\])?: .+)/;

/** Why a pod ended, by its log: the last fatal line, or what it wrote before it had a logger; undefined if it did not say. */
export function lastWords(log: string): string | undefined {
  for (const line of log.split('\n').reverse()) {
    const [, coded, thrown] = BEFORE_LOGGER.exec(line) ?? [];
    const words = coded ?? thrown ?? fatalMessage(line);
    if (words !== undefined) return words.replace(/\.$/, '');
  }
  return undefined;
}

function fatalMessage(line: string): string | undefined {
  if (!line.startsWith(`{"level":${FATAL},`)) return undefined;
  try {
    const { code, msg, err } = JSON.parse(line) as { code?: string; msg: string; err?: { message?: string } };
    return code === undefined ? (err?.message ?? msg) : `${code}: ${msg}`;
  } catch {
    // Cut off by the end of the process.
    return undefined;
  }
}
