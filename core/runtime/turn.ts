import type { OperatorSnapshot } from "../checkpoint/snapshot.ts";
import { limits } from "../limits.ts";
import type { StreamElement } from "../record/element.ts";
import type { Budget } from "../time/index.ts";
import type { InputGate } from "./input-gate.ts";
import type { Emission } from "./task-output.ts";

/** An element that arrived on a channel of the task's gate. */
export interface Delivery {
  readonly channel: number;
  readonly element: StreamElement;
}

/** Where a turn takes its input from: queues in memory, or the messages of an invocation. */
export interface TurnInput {
  /**
   * The next element of some channel that the gate does not hold back, or null. With
   * `barriersOnly` an element is taken only if it is a barrier at the front of its channel.
   */
  next(gate: InputGate, barriersOnly: boolean): Delivery | null;
}

/**
 * What changed in a task since its last cut; encoded only when a host asks for it. Encoding takes
 * the changes, as a cut does: they are not in the next one again.
 */
export interface StateDelta {
  encode(): readonly OperatorSnapshot[];
}

export interface TurnResult {
  readonly outputs: readonly Emission[];
  readonly delta: StateDelta;
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
}

/**
 * The host's budget, and a bound on what a turn emits or writes: what waits in a queue, or in a
 * sink that lags, costs memory.
 */
export class TurnBudget implements Budget {
  readonly #emissions: readonly Emission[];
  readonly #lags: () => boolean;
  #host: Budget;

  /** `lags`: whether a sink of the task takes no more. */
  constructor(emissions: readonly Emission[], lags: () => boolean) {
    this.#emissions = emissions;
    this.#lags = lags;
    this.#host = never;
  }

  restart(host: Budget): this {
    this.#host = host;
    return this;
  }

  exhausted(): boolean {
    if (this.#emissions.length >= limits.turnEmissionsMax) return true;
    return this.#host.exhausted() || this.#lags();
  }
}

const never: Budget = Object.freeze({ exhausted: () => false });

/** No input, e.g. for a source task. */
export const noInput: TurnInput = Object.freeze({ next: () => null });
