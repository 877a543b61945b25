import type { KeyedStateBackend, OperatorStateStore } from "../state/index.ts";
import type { ResultPartition } from "./result-partition.ts";

/** The side output that carries dead letters to their sink. */
export const DEAD_LETTERS = "$dead-letters";

/** A record that user code refused, as the dead-letter sink gets it. */
export interface DeadLetter {
  readonly operator: string;
  readonly subtask: number;
  /** `record 17 of a.parquet#0`, or `input 0` between tasks. */
  readonly position: string;
  readonly value: unknown;
  /** Event time, null when the record had none. */
  readonly timestamp: number | null;
  readonly error: { readonly name: string; readonly message: string; readonly code: string | null };
}

/**
 * Makes the effects of one input record of a task undoable: keyed state and timers by the
 * backend's journal, operator state by its stores', outputs by marks, effects on the outside by
 * delay.
 *
 *   U1  after `rollback` state, timers and outputs are as they were at `begin`
 *   U2  actions given to `afterRecord` run only if the record took effect
 *   U3  what happens between two records (timers, watermarks) cannot be undone and takes effect at
 *       once; the next record's rollback does not reach it
 */
export class UndoLog {
  readonly #state: KeyedStateBackend | null;
  readonly #operatorStates: OperatorStateStore[] = [];
  readonly #partitions: readonly ResultPartition[];
  readonly #actions: (() => void)[] = [];
  #inRecord = false;
  #marks: readonly (readonly number[])[] = [];
  /** The operator that is at work; links between operators keep it up to date. */
  running: string;

  constructor(
    head: string,
    state: KeyedStateBackend | null,
    partitions: readonly ResultPartition[],
  ) {
    this.running = head;
    this.#state = state;
    this.#partitions = partitions;
    state?.enableJournal();
  }

  /** Operator state that is undone with the record too. */
  cover(operatorState: OperatorStateStore): void {
    operatorState.enableJournal();
    this.#operatorStates.push(operatorState);
  }

  afterRecord(action: () => void): void {
    if (this.#inRecord) this.#actions.push(action);
    else action();
  }

  begin(): void {
    this.#release();
    this.#marks = this.#partitions.map((partition) => partition.mark());
    this.#inRecord = true;
  }

  /** The record, or what happened between two records, took effect. */
  commit(): void {
    this.#inRecord = false;
    this.#release();
    for (const action of this.#actions) action();
    this.#actions.length = 0;
    for (const partition of this.#partitions) partition.settle();
  }

  #release(): void {
    this.#state?.journal?.release();
    for (const store of this.#operatorStates) store.journal?.release();
  }

  rollback(): void {
    this.#state?.journal?.rollback();
    for (const store of this.#operatorStates) store.journal?.rollback();
    this.#actions.length = 0;
    this.#partitions.forEach((partition, i) => partition.rollback(this.#marks[i] ?? []));
  }
}

/** What a dead letter says of an error. */
export function errorOf(error: unknown): DeadLetter["error"] {
  if (!(error instanceof Error))
    return { name: "thrown value", message: String(error), code: null };
  const code: unknown = (error as { code?: unknown }).code;
  return { name: error.name, message: error.message, code: typeof code === "string" ? code : null };
}
