import type { Accumulators } from "../../core/runtime/operator.ts";

/** The accumulators of one attempt of a job; a restart begins at zero, as in Flink. */
export class AccumulatorSums implements Accumulators {
  readonly #sums = new Map<string, number>();

  add(name: string, by: number): void {
    this.#sums.set(name, (this.#sums.get(name) ?? 0) + by);
  }

  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#sums);
  }
}
