/** Nothing was measured, for a reason that whoever called can do something about: exit code 2, no verdict. */
export class CouldNotRun extends Error {}
