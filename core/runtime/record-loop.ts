import { assert } from "../assert.ts";
import type { MillraceError } from "../errors.ts";
import type { RecordBatch } from "../record/element.ts";
import type { Key } from "../record/key.ts";
import { type KeyedStateBackend, LOOK_AHEAD_MAX } from "../state/index.ts";
import type { Budget } from "../time/index.ts";
import { type Operator, TwoInputOperator } from "./operator.ts";
import type { OperatorChain } from "./operator-chain.ts";
import type { KeySelector } from "./program.ts";
import { emitDeadLetter } from "./source-driver.ts";

/** A channel that ends at a task. */
export interface InputChannel {
  readonly edge: number;
  readonly from: number;
  readonly input: 0 | 1;
}

/** Records between two looks at the budget. */
const SLICE = LOOK_AHEAD_MAX;

/** A batch that a turn could not finish. */
interface Remainder {
  readonly batch: RecordBatch;
  readonly channel: number;
  readonly index: number;
}

export interface RecordLoopOptions {
  readonly chain: OperatorChain;
  readonly inputs: readonly InputChannel[];
  readonly keys: readonly [KeySelector | null, KeySelector | null];
  /** An error of user code, with the place it happened at. */
  failure(error: unknown, position: string): MillraceError;
}

/**
 * The records of a task with input channels: sets the key and calls the head of the chain, one
 * direct call a record.
 *
 *   RL1  a batch that a budget interrupted goes on with its next record, before anything else of the
 *        task's input
 *   RL2  with dead letters each record takes effect as a whole or not at all
 */
export class RecordLoop {
  /** Records taken in so far. */
  records = 0;
  readonly #options: RecordLoopOptions;
  readonly #chain: OperatorChain;
  readonly #keys: readonly [KeySelector | null, KeySelector | null];
  #remainder: Remainder | null = null;
  /** Index of the record at work within its batch, for errors. */
  #at = 0;

  constructor(options: RecordLoopOptions) {
    this.#options = options;
    this.#chain = options.chain;
    this.#keys = options.keys;
  }

  /** A batch is only partly processed (RL1). */
  get unfinished(): boolean {
    return this.#remainder !== null;
  }

  /** Goes on with a batch that was interrupted. */
  goOn(budget: Budget): void {
    const remainder = this.#remainder;
    if (remainder === null) return;
    this.#remainder = null;
    this.process(remainder.batch, remainder.channel, remainder.index, budget);
  }

  /** The next record of a batch that was interrupted, which is forgotten; null: there is none. */
  takeRemainder(): number | null {
    const remainder = this.#remainder;
    this.#remainder = null;
    return remainder?.index ?? null;
  }

  /** Processes a batch of a channel, from its record `from`, until the budget is used up. */
  process(batch: RecordBatch, channel: number, from: number, budget: Budget): void {
    const { input } = this.#options.inputs[channel] as InputChannel;
    const end = batch.values.length;
    let index = from;
    while (index < end) {
      const to = Math.min(end, index + SLICE);
      this.#processSlice(batch, input, index, to);
      this.records += to - index;
      index = to;
      if (index < end && budget.exhausted()) {
        this.#remainder = { batch, channel, index };
        return;
      }
    }
  }

  #processSlice(batch: RecordBatch, input: 0 | 1, from: number, to: number): void {
    try {
      if (this.#chain.undo !== null) {
        for (let i = from; i < to; i += 1) this.#processUndoable(batch, input, i);
      } else if (input === 0) this.#processFirst(batch, from, to);
      else this.#processSecond(batch, from, to);
    } catch (error) {
      throw this.#options.failure(error, `record ${this.#at} of a batch on input ${input}`);
    }
  }

  #processFirst(batch: RecordBatch, from: number, to: number): void {
    const { values, timestamps } = batch;
    const operator = this.#headOperator();
    const select = this.#keys[0] as ((value: unknown) => never) | null;
    if (select === null) {
      for (let i = from; i < to; i += 1) {
        this.#at = i;
        operator.process(values[i], timestamps[i] as number);
      }
      return;
    }
    const state = this.#chain.head.state;
    assert(state !== null, "a keyed head has keyed state");
    if (to - from > 1 && state.lookAhead.pays) this.#lookAhead(batch, from, to, select, state);
    else {
      for (let i = from; i < to; i += 1) {
        this.#at = i;
        const value = values[i];
        state.setCurrentKey(select(value));
        operator.process(value, timestamps[i] as number);
      }
    }
  }

  /** As the loop above, in two: first the keys, then the records. */
  #lookAhead(
    batch: RecordBatch,
    from: number,
    to: number,
    select: (value: unknown) => Key,
    state: KeyedStateBackend,
  ): void {
    const { values, timestamps } = batch;
    const operator = this.#headOperator();
    for (let i = from; i < to; i += 1) {
      this.#at = i;
      state.lookAhead.setKey(i - from, select(values[i]));
    }
    state.lookAhead.find(to - from);
    for (let i = from; i < to; i += 1) {
      this.#at = i;
      state.setCurrentAhead(i - from);
      operator.process(values[i], timestamps[i] as number);
    }
  }

  #processSecond(batch: RecordBatch, from: number, to: number): void {
    const { values, timestamps } = batch;
    const operator = this.#headOperator();
    assert(operator instanceof TwoInputOperator, "only a two-input operator has a second input");
    const select = this.#keys[1] as ((value: unknown) => never) | null;
    const state = this.#chain.head.state;
    for (let i = from; i < to; i += 1) {
      this.#at = i;
      const value = values[i];
      if (select !== null) state?.setCurrentKey(select(value));
      operator.process2(value as never, timestamps[i] as number);
    }
  }

  #processUndoable(batch: RecordBatch, input: 0 | 1, index: number): void {
    const undo = this.#chain.undo;
    assert(undo !== null, "dead letters are on");
    undo.begin();
    undo.running = this.#chain.head.node.uid;
    try {
      if (input === 0) this.#processFirst(batch, index, index + 1);
      else this.#processSecond(batch, index, index + 1);
    } catch (error) {
      undo.rollback();
      const timestamp = batch.timestamps[index] as number;
      const value = batch.values[index];
      emitDeadLetter(this.#chain, undo.running, value, timestamp, `input ${input}`, error);
    }
    undo.commit();
  }

  #headOperator(): Operator<unknown, unknown> {
    const { operator } = this.#chain.head;
    assert(operator !== null, "the head of a gated task is an operator");
    return operator;
  }
}
