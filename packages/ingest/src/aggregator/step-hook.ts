/** Told the name of each step before it is taken. For tests that end the process there. */
export type StepHook = (step: string) => void | Promise<void>;
