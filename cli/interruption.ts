const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Ctrl-C and SIGTERM while a job runs.
 *
 *   IN1  the first one asks, the second one ends: `first` is called at most once, `second` after it
 */
export class Interruption {
  #count = 0;
  readonly #first: () => void;
  readonly #second: () => void;
  readonly #onSignal = (): void => this.interrupt();

  constructor(first: () => void, second: () => void) {
    this.#first = first;
    this.#second = second;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  get interrupted(): boolean {
    return this.#count > 0;
  }

  interrupt(): void {
    this.#count += 1;
    if (this.#count === 1) this.#first();
    else this.#second();
  }

  /** Signals do again what the system does with them. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }
}
