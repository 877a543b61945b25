import type { Counter } from "../ports/index.ts";
import type { RecordBatch } from "../record/element.ts";
import type { OperatorList } from "../state/index.ts";
import { Operator, type OperatorSetup } from "./operator.ts";
import { COMMITTABLES, type Epoch } from "./sink-operator.ts";

/**
 * A sink as the end of a chain, in a host that commits every turn: it only collects the records of
 * the turn. The host makes them part of what it commits, and writes them afterwards.
 *
 *   SS1  a record is taken out exactly once, by the turn that processed it
 *   SS2  epochs lie where `SinkOperator` has them, so that a savepoint fits both
 */
export class StagingSinkOperator extends Operator<unknown, never> {
  #values: unknown[] = [];
  #timestamps: number[] = [];
  readonly #recordsIn: Counter;
  readonly #undoable: boolean;
  readonly #epochs: OperatorList<Epoch>;

  constructor(setup: OperatorSetup<never>) {
    super(setup);
    this.#undoable = setup.context.undoable;
    this.#epochs = setup.context.operatorState.list<Epoch>(COMMITTABLES);
    this.#recordsIn = setup.context.metrics.counter("numRecordsIn");
  }

  get uid(): string {
    return this.context.uid;
  }

  /** What is pre-committed and not yet published. */
  get epochs(): readonly Epoch[] {
    return this.#epochs.get();
  }

  process(value: unknown, timestamp: number): void {
    if (this.#undoable) this.context.afterRecord(() => this.#add(value, timestamp));
    else this.#add(value, timestamp);
  }

  #add(value: unknown, timestamp: number): void {
    this.#values.push(value);
    this.#timestamps.push(timestamp);
  }

  /** The records since the last call; null: none. */
  take(): RecordBatch | null {
    if (this.#values.length === 0) return null;
    this.#recordsIn.inc(this.#values.length);
    const batch: RecordBatch = {
      kind: "records",
      values: this.#values,
      timestamps: this.#timestamps,
    };
    this.#values = [];
    this.#timestamps = [];
    return batch;
  }

  /** Adds what a writer pre-committed for a checkpoint. */
  preCommit(checkpoint: number, committables: readonly unknown[]): void {
    if (committables.length > 0) {
      this.#epochs.update([...this.#epochs.get(), { checkpoint, committables }]);
    }
  }

  /** Takes out all epochs up to a completed checkpoint (semantics 24). */
  takeDue(checkpoint: number): readonly Epoch[] {
    const all = this.#epochs.get();
    const due = all.filter((epoch) => epoch.checkpoint <= checkpoint);
    if (due.length > 0) {
      this.#epochs.update(all.filter((epoch) => epoch.checkpoint > checkpoint));
    }
    return due;
  }
}
