/** Says what is done, on the standard error: the standard output is for results. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** As `say`, for text that has its own line ends. */
export const pass = (text: string): void => void process.stderr.write(text);
