import { assert } from "../../core/assert.ts";
import type { InputGate } from "../../core/runtime/input-gate.ts";
import type { StreamTask } from "../../core/runtime/stream-task.ts";
import type { Emission } from "../../core/runtime/task-output.ts";
import {
  type Delivery,
  type TurnInput,
  type TurnResult,
  noInput,
} from "../../core/runtime/turn.ts";
import type { Budget } from "../../core/time/index.ts";
import type { EmbeddedChannel } from "./embedded-channel.ts";

/** Takes from the channels of a task in turn, so that no channel starves. */
class ChannelInput implements TurnInput {
  readonly #channels: readonly EmbeddedChannel[];
  #next = 0;

  constructor(channels: readonly EmbeddedChannel[]) {
    this.#channels = channels;
  }

  next(gate: InputGate, barriersOnly: boolean): Delivery | null {
    const count = this.#channels.length;
    for (let i = 0; i < count; i += 1) {
      const channel = (this.#next + i) % count;
      if (!this.#available(gate, channel, barriersOnly)) continue;
      this.#next = (channel + 1) % count;
      const element = this.#channels[channel]?.shift() ?? null;
      return element === null ? null : { channel, element, from: 0 };
    }
    return null;
  }

  #available(gate: InputGate, channel: number, barriersOnly: boolean): boolean {
    const front = this.#channels[channel]?.peek() ?? null;
    if (front === null || gate.isBlocked(channel)) return false;
    return !barriersOnly || front.kind === "barrier";
  }

  hasInput(gate: InputGate): boolean {
    return this.#channels.some((channel, i) => channel.length > 0 && !gate.isBlocked(i));
  }
}

/** A split on its way to the reader, held back while a cut is due. */
interface HeldSplitEvent {
  /** The last checkpoint that was triggered when it came. */
  readonly after: number;
  readonly run: () => void;
}

export interface TaskUnitOptions {
  readonly task: StreamTask;
  readonly inputs: readonly EmbeddedChannel[];
  readonly outputs: readonly EmbeddedChannel[];
  /** Puts an element into its channel. */
  readonly send: (unit: TaskUnit, emission: Emission) => void;
  /** Wakes the scheduler, should it sleep. */
  readonly wakeScheduler: () => void;
}

/**
 * A task with its queues, as the scheduler of the embedded host sees it.
 *
 *   TU1  a turn starts only when no output channel is full and no sink lags (bounded channels)
 *   TU2  while a cut is under way the task gets no turn
 *   TU3  splits that come while a cut is asked for wait behind it: the enumerator's snapshot of
 *        that checkpoint still holds them. They do not wait behind the cut of a later trigger,
 *        whose snapshot of the enumerator no longer has them
 */
export class TaskUnit {
  readonly task: StreamTask;
  readonly #input: ChannelInput;
  readonly #outputs: readonly EmbeddedChannel[];
  readonly #send: (unit: TaskUnit, emission: Emission) => void;
  readonly #wakeScheduler: () => void;
  /** Checkpoints that were triggered and not cut yet; sources only. */
  readonly #triggers: number[] = [];
  readonly #heldSplitEvents: HeldSplitEvent[] = [];
  #cutting = false;
  #backlogged = false;
  #stopped = false;
  #due = true;
  #wakeUp: number | null = null;

  constructor(options: TaskUnitOptions) {
    this.task = options.task;
    this.#input = new ChannelInput(options.inputs);
    this.#outputs = options.outputs;
    this.#send = options.send;
    this.#wakeScheduler = options.wakeScheduler;
  }

  /** When the task wants a turn; null also while it could not have one: what holds it wakes us. */
  get wakeUp(): number | null {
    const held = this.#cutting || this.#backlogged || this.#paused;
    return held || this.#outputs.some((channel) => channel.full) ? null : this.#wakeUp;
  }

  wake(): void {
    this.#due = true;
    this.#wakeScheduler();
  }

  /** The source takes in nothing any more; it still cuts and forwards barriers. */
  stop(): void {
    this.#stopped = true;
  }

  resume(): void {
    this.#stopped = false;
    this.wake();
  }

  trigger(checkpoint: number): void {
    this.#triggers.push(checkpoint);
    this.#wakeScheduler();
  }

  /** Runs a split event now, or after the cuts that are due (TU3). */
  splitEvent(run: () => void): void {
    const after = this.#triggers.at(-1);
    if (after === undefined) run();
    else this.#heldSplitEvents.push({ after, run });
    this.wake();
  }

  /** Whether a turn now could do anything (TU1, TU2). */
  runnable(now: number): boolean {
    if (this.#cutting || this.#backlogged) return false;
    const cutDue = this.#triggers.length > 0;
    if (this.#outputs.some((channel) => channel.full)) return cutDue;
    if (cutDue || (this.#due && !this.#paused)) return true;
    if (this.#wakeUp !== null && this.#wakeUp <= now && !this.#paused) return true;
    return this.task.gate !== null && this.#input.hasInput(this.task.gate);
  }

  get #paused(): boolean {
    return this.#stopped && this.task.source !== null;
  }

  runTurn(budget: Budget): TurnResult {
    const checkpoint = this.#triggers[0];
    if (checkpoint !== undefined) this.task.triggerCheckpoint({ kind: "barrier", checkpoint });
    this.#due = false;
    const result = this.task.runTurn(this.task.gate === null ? noInput : this.#input, budget);
    this.#due = this.#due || result.more;
    this.#wakeUp = result.wakeUp;
    this.dispatch(result.outputs);
    this.#watchBacklog();
    return result;
  }

  dispatch(outputs: readonly Emission[]): void {
    for (const emission of outputs) this.#send(this, emission);
  }

  #watchBacklog(): void {
    const backlog = this.task.backlog();
    if (backlog === null) return;
    this.#backlogged = true;
    const resume = (): void => {
      this.#backlogged = false;
      this.wake();
    };
    // A rejection is the sink's failure; it shows again, with its place, at the next write or flush.
    void backlog.then(resume, resume);
  }

  beginCut(): void {
    assert(!this.#cutting, "TU2: one cut at a time");
    this.#cutting = true;
  }

  endCut(): void {
    this.#cutting = false;
    const cut = this.#triggers.shift();
    this.wake();
    if (cut !== undefined) this.#runSplitEvents(cut);
  }

  /** What came before the trigger of a checkpoint after `cut` belongs into its snapshot (TU3). */
  #runSplitEvents(cut: number): void {
    const events = this.#heldSplitEvents;
    while (events[0] !== undefined && events[0].after <= cut) events.shift()?.run();
  }
}
