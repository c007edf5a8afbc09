/** What one call has lent or borrowed. It ends with the call, on both sides. */
export class Scope {
  /** What goes back when the call is over. */
  readonly #releases: ((reason: unknown) => void)[] = [];
  #controller: AbortController | undefined;
  #over = false;

  /** True once the call is over. */
  get over(): boolean {
    return this.#over;
  }

  /** Aborts where the call is given up. It does not where the call has its answer: what it began is finished. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** @param release Gets the reason where the call was given up. */
  onEnd(release: (reason: unknown) => void): void {
    if (this.#over) release(undefined);
    else this.#releases.push(release);
  }

  /** @param reason Why the call was given up; none where it has its answer. */
  end(reason?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    for (const release of this.#releases.splice(0)) release(reason);
    if (reason !== undefined) this.#controller?.abort(reason);
  }
}
