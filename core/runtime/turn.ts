import { limits } from "../limits.ts";
import type { StreamElement } from "../record/element.ts";
import type { Budget } from "../time/index.ts";
import type { InputGate } from "./input-gate.ts";
import type { Emission } from "./task-output.ts";

/** An element that arrived on a channel of the task's gate. */
export interface Delivery {
  readonly channel: number;
  readonly element: StreamElement;
  /** Of a batch: its first record that is wanted; those before it had their turn. */
  readonly from: number;
}

/** Where a turn takes its input from: queues in memory, or the messages of an invocation. */
export interface TurnInput {
  /**
   * The next element of some channel that the gate does not hold back, or null. With
   * `barriersOnly` an element is taken only if it is a barrier at the front of its channel.
   */
  next(gate: InputGate, barriersOnly: boolean): Delivery | null;
}

export interface TurnResult {
  readonly outputs: readonly Emission[];
  /** When the task wants a turn even without input, in ms of processing time; null: never. */
  readonly wakeUp: number | null;
  /** There is work left that needs no input: run the task again. */
  readonly more: boolean;
  /** The checkpoint whose barrier is complete: `flush` and `cut` before the next turn; or null. */
  readonly cut: number | null;
  /** How many records the task took in. */
  readonly recordsIn: number;
  /** Records came in or timers fired: there is something new to checkpoint (L8). */
  readonly active: boolean;
  /** Timers of processing time fired. */
  readonly firedByClock: boolean;
}

/**
 * The host's budget, and a bound on what a turn emits or writes: what waits in a queue, or in a
 * sink that lags, costs memory.
 */
export class TurnBudget implements Budget {
  readonly #emissions: readonly Emission[];
  readonly #lags: () => boolean;
  readonly #emissionsMax: number;
  #host: Budget;

  /** `lags`: whether a sink of the task takes no more. */
  constructor(
    emissions: readonly Emission[],
    lags: () => boolean,
    emissionsMax: number = limits.turnEmissionsMax,
  ) {
    this.#emissions = emissions;
    this.#emissionsMax = emissionsMax;
    this.#lags = lags;
    this.#host = never;
  }

  restart(host: Budget): this {
    this.#host = host;
    return this;
  }

  exhausted(): boolean {
    if (this.#emissions.length >= this.#emissionsMax) return true;
    return this.#host.exhausted() || this.#lags();
  }
}

const never: Budget = Object.freeze({ exhausted: () => false });

/** No input, e.g. for a source task. */
export const noInput: TurnInput = Object.freeze({ next: () => null });
