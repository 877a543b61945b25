import type { KeyedStateBackend } from "../state/index.ts";
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
 * backend's journal, outputs by marks, effects on the outside by delay.
 *
 *   U1  after `rollback` state, timers and outputs are as they were at `begin`
 *   U2  actions given to `afterRecord` run only if the record took effect
 */
export class UndoLog {
  readonly #state: KeyedStateBackend | null;
  readonly #partitions: readonly ResultPartition[];
  readonly #actions: (() => void)[] = [];
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

  afterRecord(action: () => void): void {
    this.#actions.push(action);
  }

  begin(): void {
    this.#marks = this.#partitions.map((partition) => partition.mark());
  }

  commit(): void {
    this.#state?.journal?.release();
    for (const action of this.#actions) action();
    this.#actions.length = 0;
    for (const partition of this.#partitions) partition.settle();
  }

  rollback(): void {
    this.#state?.journal?.rollback();
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
