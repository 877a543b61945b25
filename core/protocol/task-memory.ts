import { fromBytes, toBytes } from "../record/index.ts";
import type { Accumulators } from "../runtime/operator.ts";

/** The small things that a task unit keeps from turn to turn. */
export class TaskMemory implements Accumulators {
  /** The last checkpoint that was cut, or restored from. */
  lastCheckpoint = 0;
  /** The checkpoint that the generation starts from; 0: none. What it holds is complete. */
  restoredCheckpoint = 0;
  /** A split was asked for and has not come. */
  splitRequested = false;
  /** The enumerator has no split for this subtask any more. */
  noMoreSplits = false;
  /** The reader wants a split; not stored: it asks again. */
  splitWanted = false;
  /** The source may have more to read at once. */
  more = false;
  /** A stop's barrier has passed: nothing happens by itself any more. */
  stopped = false;
  /** The last stop that is known to have failed, by its checkpoint. */
  failedStop = 0;
  /** The end was told to the coordinator. */
  finished = false;
  readonly #sums = new Map<string, number>();

  add(name: string, by: number): void {
    this.#sums.set(name, (this.#sums.get(name) ?? 0) + by);
  }

  accumulators(): readonly (readonly [name: string, sum: number])[] {
    return [...this.#sums];
  }

  encode(): Uint8Array {
    return toBytes([
      this.lastCheckpoint,
      this.restoredCheckpoint,
      this.splitRequested,
      this.noMoreSplits,
      this.more,
      this.stopped,
      this.failedStop,
      this.finished,
      [...this.#sums],
    ]);
  }

  static decode(bytes: Uint8Array | null): TaskMemory {
    const memory = new TaskMemory();
    if (bytes === null) return memory;
    const [
      lastCheckpoint,
      restoredCheckpoint,
      splitRequested,
      noMoreSplits,
      more,
      stopped,
      failedStop,
      finished,
      sums,
    ] = fromBytes(bytes) as Stored;
    memory.lastCheckpoint = lastCheckpoint;
    memory.restoredCheckpoint = restoredCheckpoint;
    memory.splitRequested = splitRequested;
    memory.noMoreSplits = noMoreSplits;
    memory.more = more;
    memory.stopped = stopped;
    memory.failedStop = failedStop;
    memory.finished = finished;
    for (const [name, sum] of sums) memory.#sums.set(name, sum);
    return memory;
  }
}

type Stored = readonly [
  lastCheckpoint: number,
  restoredCheckpoint: number,
  splitRequested: boolean,
  noMoreSplits: boolean,
  more: boolean,
  stopped: boolean,
  failedStop: number,
  finished: boolean,
  sums: readonly (readonly [string, number])[],
];
