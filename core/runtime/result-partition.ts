import { assert } from "../assert.ts";
import { limits } from "../limits.ts";
import type { WatermarkSteps } from "../plan/plan.ts";
import { crossesStep } from "../plan/watermark-steps.ts";
import type { StreamElement } from "../record/element.ts";
import { roundTripRecords } from "../record/index.ts";
import { MIN_WATERMARK } from "../timestamp.ts";
import type { Output } from "./operator.ts";
import type { ChannelSelector } from "./partitioner.ts";
import type { Emission } from "./task-output.ts";

/** Arrays of full length, packed: a copy is one block of memory, and no store makes it grow. */
const FULL_VALUES: readonly unknown[] = packed<unknown>(null);
const FULL_TIMESTAMPS: readonly number[] = packed(0.5);

function packed<T>(value: T): readonly T[] {
  const array: T[] = [];
  while (array.length < limits.batchRecordsMax) array.push(value);
  return array;
}

/** What one subtask still holds for one channel; the first `length` places are in use. */
class ChannelBuffer {
  values: unknown[] = [];
  timestamps: number[] = [];
  length = 0;
  /** When the oldest record was seen by `flushExpired`; 0 while empty or new. */
  since = 0;
  /** How often the records were taken out. */
  taken = 0;

  append(value: unknown, timestamp: number): number {
    const { length } = this;
    this.values[length] = value;
    this.timestamps[length] = timestamp;
    this.length = length + 1;
    return length + 1;
  }

  /** Takes out the records. A channel that filled a batch gets room for a full one at once. */
  take(): { readonly values: unknown[]; readonly timestamps: number[] } {
    const { values, timestamps, length } = this;
    values.length = length;
    timestamps.length = length;
    const full = length >= limits.batchRecordsMax;
    this.values = full ? FULL_VALUES.slice() : [];
    this.timestamps = full ? FULL_TIMESTAMPS.slice() : [];
    this.length = 0;
    this.since = 0;
    this.taken += 1;
    return { values, timestamps };
  }
}

export interface ResultPartitionState {
  readonly sentWatermark: number;
  readonly heldWatermark: number;
}

/** What is held back for one target subtask. While `taken` stays the same, `length` only grows. */
export interface HeldChannel {
  readonly to: number;
  readonly length: number;
  /** When the oldest was seen at the end of a turn; 0: not yet. */
  readonly since: number;
  readonly taken: number;
}

/** Records on their way to one target subtask that wait for more. */
export interface HeldOutput {
  readonly to: number;
  readonly values: readonly unknown[];
  readonly timestamps: readonly number[];
  /** When the oldest was seen at the end of a turn; 0: not yet. */
  readonly since: number;
}

export interface ResultPartitionOptions {
  readonly edge: number;
  /** Target subtasks of this sender. */
  readonly targets: readonly number[];
  readonly select: ChannelSelector;
  readonly bufferTimeoutMs: number;
  readonly steps: WatermarkSteps;
  /** Round-trips every batch through the codec (decision p). */
  readonly strict: boolean;
  /** Keeps full buffers until `settle`, so that a record's outputs can be rolled back. */
  readonly undoable: boolean;
  /** Where flushed elements go: the outputs of the running turn. */
  readonly emissions: Emission[];
}

/**
 * The sending end of an edge: one buffer per target subtask.
 *
 *   R1  records of one channel keep their order, and stand before what was sent after them
 *   R2  watermarks, status, barriers and the end go to all channels, whatever the partitioner
 *       (semantics 13), and flush the buffers first
 *   R3  a watermark that crosses no step waits for one that does, or for a status; nobody behind
 *       the edge can react to it
 *   R4  from `mark` to `settle` nothing leaves: a watermark or status that the record causes waits
 *       until the record cannot be rolled back any more
 */
export class ResultPartition implements Output<unknown> {
  readonly #edge: number;
  readonly #targets: readonly number[];
  readonly #buffers: readonly ChannelBuffer[];
  readonly #select: ChannelSelector;
  readonly #bufferTimeoutMs: number;
  readonly #steps: WatermarkSteps;
  readonly #strict: boolean;
  readonly #undoable: boolean;
  readonly #emissions: Emission[];
  #sentWatermark = MIN_WATERMARK;
  #heldWatermark = MIN_WATERMARK;
  #recordsSent = 0;
  /** Between `mark` and `settle` (R4). */
  #marked = false;
  /** The status that waits for `settle`; null: none. */
  #heldStatus: boolean | null = null;

  constructor(options: ResultPartitionOptions) {
    this.#edge = options.edge;
    this.#targets = options.targets;
    this.#buffers = options.targets.map(() => new ChannelBuffer());
    this.#select = options.select;
    this.#bufferTimeoutMs = options.bufferTimeoutMs;
    this.#steps = options.steps;
    this.#strict = options.strict;
    this.#undoable = options.undoable;
    this.#emissions = options.emissions;
  }

  /** Records that have left so far; what an earlier turn held back is among them once it leaves. */
  get recordsSent(): number {
    return this.#recordsSent;
  }

  process(value: unknown, timestamp: number): void {
    if (this.#buffers.length === 1) {
      this.#append(0, value, timestamp);
      return;
    }
    const select = this.#select;
    if (select === null) {
      for (let channel = 0; channel < this.#buffers.length; channel += 1) {
        this.#append(channel, value, timestamp);
      }
      return;
    }
    this.#append(select(value), value, timestamp);
  }

  #append(channel: number, value: unknown, timestamp: number): void {
    const length = (this.#buffers[channel] as ChannelBuffer).append(value, timestamp);
    if (length >= limits.batchRecordsMax && !this.#undoable) this.#flush(channel);
  }

  watermark(timestamp: number): void {
    if (timestamp <= this.#heldWatermark) return;
    this.#heldWatermark = timestamp;
    if (!this.#marked) this.#sendDueWatermark();
  }

  #sendDueWatermark(): void {
    const due = crossesStep(this.#steps, this.#sentWatermark, this.#heldWatermark);
    if (due) this.#sendHeldWatermark();
  }

  #sendHeldWatermark(): void {
    if (this.#heldWatermark <= this.#sentWatermark) return;
    this.#sentWatermark = this.#heldWatermark;
    this.broadcast({ kind: "watermark", timestamp: this.#sentWatermark });
  }

  /** A held watermark leaves first: the receiver may be left with it for a long time (R3). */
  status(idle: boolean): void {
    if (this.#marked) {
      this.#heldStatus = idle;
      return;
    }
    this.#sendHeldWatermark();
    this.broadcast({ kind: "status", idle });
  }

  /** Flushes all channels and sends `element` to each (R2). */
  broadcast(element: StreamElement): void {
    this.flushAll();
    for (const to of this.#targets) this.#emissions.push({ edge: this.#edge, to, element });
  }

  flushAll(): void {
    for (let channel = 0; channel < this.#buffers.length; channel += 1) this.#flush(channel);
  }

  /** With dead letters: the record took effect; full buffers, and what it held up, may leave. */
  settle(): void {
    if (this.#marked) this.#release();
    for (let channel = 0; channel < this.#buffers.length; channel += 1) {
      const buffer = this.#buffers[channel] as ChannelBuffer;
      if (buffer.length >= limits.batchRecordsMax) this.#flush(channel);
    }
  }

  /** As the record's operators said it: active stands before a watermark, idle behind it. */
  #release(): void {
    this.#marked = false;
    const status = this.#heldStatus;
    this.#heldStatus = null;
    if (status === false) this.broadcast({ kind: "status", idle: false });
    this.#sendDueWatermark();
    if (status === true) this.status(true);
  }

  /** The buffers' lengths, for `rollback`. Until `settle` they only grow (R4). */
  mark(): readonly number[] {
    this.#marked = true;
    return this.#buffers.map((buffer) => buffer.length);
  }

  rollback(mark: readonly number[]): void {
    this.#buffers.forEach((buffer, channel) => {
      buffer.length = mark[channel] ?? 0;
    });
  }

  /** The watermarks of the edge, as a value of the codec; for a host that keeps it over turns. */
  capture(): ResultPartitionState {
    return { sentWatermark: this.#sentWatermark, heldWatermark: this.#heldWatermark };
  }

  resume({ sentWatermark, heldWatermark }: ResultPartitionState): void {
    this.#sentWatermark = sentWatermark;
    this.#heldWatermark = heldWatermark;
  }

  get edge(): number {
    return this.#edge;
  }

  /** What is held back, by target subtask; targets for which nothing is are left out. */
  held(): readonly HeldChannel[] {
    const held: HeldChannel[] = [];
    for (let channel = 0; channel < this.#buffers.length; channel += 1) {
      const { length, since, taken } = this.#buffers[channel] as ChannelBuffer;
      if (length > 0) held.push({ to: this.#targets[channel] as number, length, since, taken });
    }
    return held;
  }

  /** The records that are held back for a target, from the `from`th on. */
  heldRecords(
    to: number,
    from: number,
  ): { readonly values: unknown[]; readonly timestamps: number[] } {
    const buffer = this.#buffers[this.#targets.indexOf(to)];
    assert(buffer !== undefined, `R1: ${to} is a target`);
    const { values, timestamps, length } = buffer;
    return { values: values.slice(from, length), timestamps: timestamps.slice(from, length) };
  }

  /** Puts back what an earlier turn held back. */
  hold({ to, values, timestamps, since }: HeldOutput): void {
    const channel = this.#targets.indexOf(to);
    const buffer = this.#buffers[channel];
    assert(buffer !== undefined && buffer.length === 0, `R1: output is held once for ${to}`);
    for (let i = 0; i < values.length; i += 1) buffer.append(values[i], timestamps[i] as number);
    buffer.since = since;
  }

  /** Sends what is held back for one target subtask. */
  flush(to: number): void {
    this.#flush(this.#targets.indexOf(to));
  }

  /** Sends what is older than the buffer timeout; returns when the rest is due, or null. */
  flushExpired(now: number): number | null {
    let due: number | null = null;
    for (let channel = 0; channel < this.#buffers.length; channel += 1) {
      const buffer = this.#buffers[channel] as ChannelBuffer;
      if (buffer.length === 0) continue;
      if (buffer.since === 0) buffer.since = now;
      const expiry = buffer.since + this.#bufferTimeoutMs;
      if (expiry <= now) this.#flush(channel);
      else if (due === null || expiry < due) due = expiry;
    }
    return due;
  }

  #flush(channel: number): void {
    const buffer = this.#buffers[channel] as ChannelBuffer;
    if (buffer.length === 0) return;
    this.#recordsSent += buffer.length;
    const { values, timestamps } = buffer.take();
    const element: StreamElement = this.#strict
      ? { kind: "records", ...roundTripRecords(values, timestamps) }
      : { kind: "records", values, timestamps };
    this.#emissions.push({ edge: this.#edge, to: this.#targets[channel] as number, element });
  }
}

/** The output of an operator without consumers. */
export const discard: Output<unknown> = Object.freeze({
  process: (): void => undefined,
  watermark: (): void => undefined,
  status: (): void => undefined,
});

/** Several consumers of one output. */
export class FanOut implements Output<unknown> {
  readonly #outputs: readonly Output<unknown>[];

  constructor(outputs: readonly Output<unknown>[]) {
    this.#outputs = outputs;
  }

  process(value: unknown, timestamp: number): void {
    for (let i = 0; i < this.#outputs.length; i += 1) {
      (this.#outputs[i] as Output<unknown>).process(value, timestamp);
    }
  }

  watermark(timestamp: number): void {
    for (const output of this.#outputs) output.watermark(timestamp);
  }

  status(idle: boolean): void {
    for (const output of this.#outputs) output.status(idle);
  }
}

/** One output of any number of consumers. */
export function combine(outputs: readonly Output<unknown>[]): Output<unknown> {
  if (outputs.length === 0) return discard;
  return outputs.length === 1 ? (outputs[0] as Output<unknown>) : new FanOut(outputs);
}
