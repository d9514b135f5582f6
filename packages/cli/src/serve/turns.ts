/** Gives one turn at a time, in the order of asking. Who is gone neither waits nor holds one. */
export class Turns<Who> {
  readonly #give: (who: Who) => void;
  readonly #waiting: Who[] = [];
  #holder: Who | null = null;

  constructor(give: (who: Who) => void) {
    this.#give = give;
  }

  want(who: Who): void {
    this.#waiting.push(who);
    this.#next();
  }

  /** The turn is over, or whoever it is has ended. */
  done(who: Who): void {
    const at = this.#waiting.indexOf(who);
    if (this.#holder === who) this.#holder = null;
    else if (at >= 0) this.#waiting.splice(at, 1);
    this.#next();
  }

  #next(): void {
    const next = this.#holder === null ? this.#waiting.shift() : undefined;
    if (next === undefined) return;
    this.#holder = next;
    this.#give(next);
  }
}
