/** Work on the same thing goes one after the other; on different things at once. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does some work once what was asked for before it, for the same id, has settled. */
  take<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(id) ?? Promise.resolve();
    const done = before.then(work, work);
    this.#last.set(id, done);
    const forget = (): void => {
      if (this.#last.get(id) === done) this.#last.delete(id);
    };
    done.then(forget, forget);
    return done;
  }

  /** Resolves when all that was asked for so far has settled. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
