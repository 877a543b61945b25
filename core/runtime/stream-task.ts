import { assert, assertNever } from "../assert.ts";
import type { SubtaskSnapshot } from "../checkpoint/snapshot.ts";
import { JobError, MillraceError } from "../errors.ts";
import type { BarrierElement } from "../record/element.ts";
import type { Budget } from "../time/index.ts";
import { MAX_WATERMARK, MIN_WATERMARK } from "../timestamp.ts";
import { InputGate } from "./input-gate.ts";
import { Operator } from "./operator.ts";
import { type ChainedOperator, OperatorChain } from "./operator-chain.ts";
import { type InputChannel, RecordLoop } from "./record-loop.ts";
import type { ResultPartition } from "./result-partition.ts";
import { SourceDriver } from "./source-driver.ts";
import type { TaskEnvironment } from "./task-environment.ts";
import { StagingSinkOperator } from "./staging-sink-operator.ts";
import { registerTaskMetrics } from "./task-metrics.ts";
import type { Emission } from "./task-output.ts";
import type { HeldEdgeChannel, HeldEdgeOutput, TaskProgress } from "./task-progress.ts";
import { type Delivery, TurnBudget, type TurnInput, type TurnResult } from "./turn.ts";

/**
 * One subtask: gate or source, operator chain, partitions. Turn-shaped in every host: `runTurn` is
 * synchronous; the host awaits `flush` only before a `cut`.
 *
 *   T1  records, watermarks and barriers of a channel take effect in their order
 *   T2  while an advance of event time is pending nothing but barriers is taken in, and the
 *       watermark is not forwarded (interruptible timers)
 *   T3  a cut happens between two elements: flush of the sinks, barrier to all outputs, snapshot
 *   T4  a turn makes progress: at least one slice of records or one timer, whatever the budget
 *   T5  after the end of input the task still takes barriers and forwards them (protocol H21), but
 *       no timer of processing time fires any more: its results would come after the end
 */
export class StreamTask {
  readonly vertex: string;
  readonly subtask: number;
  readonly inputs: readonly InputChannel[];
  readonly gate: InputGate | null;
  readonly source: SourceDriver | null;
  readonly #environment: TaskEnvironment;
  readonly #chain: OperatorChain;
  readonly #emissions: Emission[] = [];
  readonly #budget: TurnBudget;
  /** Operators that can lag. */
  readonly #sinks: readonly Operator<unknown, unknown>[];
  readonly #records: RecordLoop;
  #pendingAdvance: number | null = null;
  #cut: number | null = null;
  /** The barrier of the cut that is due, or was made last. */
  #barrier: BarrierElement = { kind: "barrier", checkpoint: 0 };
  #forwardedWatermark = MIN_WATERMARK;
  #idle = false;
  #ended = false;

  constructor(environment: TaskEnvironment) {
    this.#environment = environment;
    this.vertex = environment.vertex.id;
    this.subtask = environment.subtask;
    this.inputs = inputChannels(environment);
    this.#budget = new TurnBudget(
      this.#emissions,
      () => this.backlog() !== null,
      environment.turnEmissionsMax,
    );
    this.#chain = new OperatorChain(environment, this.#emissions);
    this.#sinks = this.#chain.operators.flatMap(({ operator }) =>
      operator === null || operator.backlog === Operator.prototype.backlog ? [] : [operator],
    );
    const implementation = environment.program.implementations.get(this.vertex);
    assert(implementation !== undefined, `vertex ${this.vertex} has an implementation`);
    this.#records = new RecordLoop({
      chain: this.#chain,
      inputs: this.inputs,
      keys: implementation.kind === "operator" ? implementation.keys : [null, null],
      failure: (error, position) => this.#failure(error, null, position),
    });
    this.source =
      implementation.kind === "source"
        ? new SourceDriver(implementation, this.#chain, environment)
        : null;
    this.gate =
      this.source === null ? new InputGate(this.inputs.length, environment.lastCheckpoint) : null;
    registerTaskMetrics(environment, {
      recordsIn: implementation.kind === "sink" ? null : () => this.#records.records,
      watermark: () => this.#forwardedWatermark,
      partitions: this.#chain.partitions,
    });
  }

  /** All input has ended and every operator has seen it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The event time that reached the operators. */
  get watermark(): number {
    return this.#forwardedWatermark;
  }

  /** Opens the operators from the end of the chain to its head, as Flink does. */
  async open(allowNonRestoredState: boolean): Promise<void> {
    for (const { operator, node } of this.#chain.operators.toReversed()) {
      try {
        await operator?.open();
      } catch (error) {
        throw this.#failure(error, node.uid, null);
      }
    }
    this.#chain.checkClaimed(allowNonRestoredState);
    await this.source?.open();
  }

  /** Closes all, also behind one that fails; rejects with the first failure. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (close: () => void | Promise<void>): Promise<void> => {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    };
    await attempt(() => this.source?.close());
    for (const { operator } of this.#chain.operators) await attempt(() => operator?.close());
    if (failures.length > 0) throw failures[0];
  }

  /** Null while the task may run; else resolves when its sinks take more. */
  backlog(): Promise<void> | null {
    for (let i = 0; i < this.#sinks.length; i += 1) {
      const backlog = (this.#sinks[i] as Operator<unknown, unknown>).backlog();
      if (backlog !== null) return backlog;
    }
    return null;
  }

  /** Asks a source task for the cut of a checkpoint; other tasks learn it from their barriers. */
  triggerCheckpoint(barrier: BarrierElement): void {
    assert(this.source !== null, "T3: only sources are triggered");
    this.#cut = barrier.checkpoint;
    this.#barrier = barrier;
  }

  /** What the barrier of the cut says of it. */
  get barrier(): BarrierElement {
    return this.#barrier;
  }

  /**
   * `works`: false keeps the task from making anything by itself (timers, a pending advance, a poll,
   * overdue output); it only takes what `input` gives it.
   */
  runTurn(input: TurnInput, hostBudget: Budget, works = true): TurnResult {
    const budget = this.#budget.restart(hostBudget);
    const { timers } = this.#chain.head;
    const before = this.#records.records;
    const firedBefore = timers?.fired ?? 0;
    let more = false;
    let firedByClock = 0;
    if (this.#cut === null) {
      if (works) more = !this.#fireProcessingTime(budget);
      firedByClock = (timers?.fired ?? 0) - firedBefore;
      if (this.source === null) more = this.#runInput(input, budget, works) || more;
      else if (works) more = this.#runSource(budget) || more;
    }
    const wakeUp = works ? this.#endTurn() : null;
    const recordsIn = this.#records.records - before;
    return {
      outputs: this.#emissions.splice(0),
      wakeUp,
      more: more && this.#cut === null,
      cut: this.#cut,
      recordsIn,
      active: recordsIn > 0 || (timers?.fired ?? 0) > firedBefore,
      firedByClock: firedByClock > 0,
    };
  }

  #runSource(budget: Budget): boolean {
    const source = this.source as SourceDriver;
    if (this.#ended) return false;
    let result;
    const before = source.records;
    try {
      result = source.poll(budget);
    } catch (error) {
      throw this.#failure(error, null, source.position);
    }
    this.#records.records += source.records - before;
    this.#forwardedWatermark = Math.max(this.#forwardedWatermark, source.watermark);
    if (result === "end") this.#endSource();
    return result === "more";
  }

  #endSource(): void {
    const { out } = this.#chain.head;
    this.#forwardedWatermark = MAX_WATERMARK;
    this.#guard(() => {
      out.watermark(MAX_WATERMARK);
      this.#endOfInput();
    });
  }

  /** Takes in elements until the input is empty, the budget is used up, or a cut is due. */
  #runInput(input: TurnInput, budget: Budget, works: boolean): boolean {
    const gate = this.gate as InputGate;
    if (works && this.#pendingAdvance !== null) {
      this.#advance(this.#pendingAdvance, budget);
      this.#forwardStatus(gate);
    }
    if (this.#pendingAdvance === null) this.#records.goOn(budget);
    for (;;) {
      // What follows the rest of a batch, a barrier too, waits for it (T1).
      if (this.#records.unfinished) return true;
      const held = this.#pendingAdvance !== null;
      if (this.#cut !== null) return held;
      const delivery = input.next(gate, held);
      if (delivery === null) return held;
      this.#take(delivery, gate, budget);
      if (budget.exhausted()) return true;
    }
  }

  #take({ channel, element, from }: Delivery, gate: InputGate, budget: Budget): void {
    switch (element.kind) {
      case "records":
        return this.#records.process(element, channel, from, budget);
      case "watermark":
        gate.onWatermark(channel, element.timestamp);
        return this.#onTime(gate, budget);
      case "status":
        gate.onStatus(channel, element.idle);
        return this.#onTime(gate, budget);
      case "barrier":
        return this.#onBarrier(gate, channel, element);
      case "end":
        return this.#onEnd(gate, channel);
      default:
        return assertNever(element);
    }
  }

  #onBarrier(gate: InputGate, channel: number, barrier: BarrierElement): void {
    const complete = gate.onBarrier(channel, barrier.checkpoint);
    if (complete === null) return;
    this.#cut = complete;
    this.#barrier = barrier;
  }

  #onTime(gate: InputGate, budget: Budget): void {
    if (gate.watermark > this.#forwardedWatermark) this.#advance(gate.watermark, budget);
    this.#forwardStatus(gate);
  }

  /** Behind the watermark that came with it, also when that one is pending (T1). */
  #forwardStatus(gate: InputGate): void {
    if (this.#pendingAdvance !== null || gate.idle === this.#idle) return;
    this.#idle = gate.idle;
    this.#headOperator().status(this.#idle);
  }

  /** Fires timers up to the watermark, then forwards it; or leaves the rest pending (T2). */
  #advance(watermark: number, budget: Budget): void {
    const { timers } = this.#chain.head;
    this.#guard(() => {
      const done = timers === null || timers.advanceEventTime(watermark, budget);
      this.#pendingAdvance = done ? null : watermark;
      if (!done) return;
      this.#forwardedWatermark = watermark;
      this.#headOperator().watermark(watermark);
    });
  }

  #fireProcessingTime(budget: Budget): boolean {
    const { timers } = this.#chain.head;
    if (timers === null || this.#ended) return true;
    const due = timers.nextProcessingTime();
    const now = this.#environment.clock.now();
    if (due === null || due > now) return true;
    let done = true;
    this.#guard(() => {
      done = timers.advanceProcessingTime(now, budget);
    });
    return done;
  }

  #onEnd(gate: InputGate, channel: number): void {
    if (gate.onEnd(channel)) this.#guard(() => this.#endOfInput());
  }

  #endOfInput(): void {
    for (const { operator } of this.#chain.operators) operator?.endOfInput();
    for (const partition of this.#chain.partitions) partition.broadcast({ kind: "end" });
    this.#ended = true;
  }

  /** Flushes what is overdue and collects the earliest wake-up of everything in the task. */
  #endTurn(): number | null {
    const now = this.#environment.clock.now();
    const { timers } = this.#chain.head;
    let wakeUp = this.#ended ? null : (timers?.nextProcessingTime() ?? null);
    const earliest = (due: number | null): void => {
      if (due !== null && (wakeUp === null || due < wakeUp)) wakeUp = due;
    };
    earliest(this.source?.wakeUp ?? null);
    for (const { operator } of this.#chain.operators) earliest(operator?.onTurnEnd?.(now) ?? null);
    for (const partition of this.#chain.partitions) earliest(partition.flushExpired(now));
    return wakeUp;
  }

  /** The operators with their states, head first. */
  get operators(): readonly ChainedOperator[] {
    return this.#chain.operators;
  }

  /** The sinks of a task whose host stages output (`TaskEnvironment.stagesOutput`). */
  stagingSinks(): readonly StagingSinkOperator[] {
    return this.#chain.operators.flatMap(({ operator }) =>
      operator instanceof StagingSinkOperator ? [operator] : [],
    );
  }

  /** An advance of event time waits for another turn (T2). */
  get advancing(): boolean {
    return this.#pendingAdvance !== null;
  }

  /**
   * Where the last batch was left by a budget: its next record; null: all were processed. The batch
   * is forgotten: whoever asks hands it in again, from there.
   */
  takeRemainder(): number | null {
    return this.#records.takeRemainder();
  }

  /** Ends the input of a source task now, as a stop with drain does (semantics 25). */
  drain(): void {
    assert(this.source !== null, "only a source is drained");
    if (!this.#ended) this.#endSource();
  }

  /** Everything beside state that must not be lost between two turns in different processes. */
  capture(checkpoint: number): TaskProgress {
    assert(this.#cut === null && !this.#records.unfinished, "T3: nothing is half done");
    return {
      pendingAdvance: this.#pendingAdvance,
      watermark: this.#forwardedWatermark,
      idle: this.#idle,
      ended: this.#ended,
      gate: this.gate?.capture() ?? null,
      source: this.source?.capture(checkpoint) ?? null,
      timers: this.#chain.head.timers?.currentWatermark ?? null,
      partitions: this.#chain.partitions.map((partition) => partition.capture()),
      operators: this.#chain.operators.map(({ operator }) => operator?.captureProgress?.() ?? null),
    };
  }

  /** Before `open`: goes on where `capture` was called. */
  resume(progress: TaskProgress): void {
    this.#pendingAdvance = progress.pendingAdvance;
    this.#forwardedWatermark = progress.watermark;
    this.#idle = progress.idle;
    this.#ended = progress.ended;
    if (progress.gate !== null) this.gate?.resume(progress.gate);
    if (progress.timers !== null) this.#chain.head.timers?.resumeWatermark(progress.timers);
    this.#chain.partitions.forEach((partition, index) => {
      const captured = progress.partitions[index];
      if (captured !== undefined) partition.resume(captured);
    });
    this.#chain.operators.forEach(({ operator }, index) => {
      const captured = progress.operators[index] ?? null;
      if (captured !== null) operator?.resumeProgress?.(captured);
    });
    if (progress.source !== null) this.source?.resume(progress.source);
  }

  /** Output that waits for more, or for its buffer timeout. */
  heldOutput(): readonly HeldEdgeChannel[] {
    return this.#chain.partitions.flatMap((partition) =>
      partition.held().map((held) => ({ edge: partition.edge, ...held })),
    );
  }

  /** Its records for one target, from the `from`th on. */
  heldRecords(
    edge: number,
    to: number,
    from: number,
  ): { readonly values: unknown[]; readonly timestamps: number[] } {
    return this.#partition(edge).heldRecords(to, from);
  }

  holdOutput(held: HeldEdgeOutput): void {
    this.#partition(held.edge).hold(held);
  }

  /** Sends what is held back for one target; returns it. */
  flushOutput(edge: number, to: number): readonly Emission[] {
    this.#partition(edge).flush(to);
    return this.#emissions.splice(0);
  }

  #partition(edge: number): ResultPartition {
    const partition = this.#chain.partitions.find((each) => each.edge === edge);
    assert(partition !== undefined, `edge ${edge} starts at ${this.vertex}`);
    return partition;
  }

  /** The async edge before a cut: sinks make durable what they have (K1). */
  async flush(checkpoint: number): Promise<void> {
    for (const { operator, node } of this.#chain.operators) {
      try {
        await operator?.flush?.(checkpoint);
      } catch (error) {
        throw this.#failure(error, node.uid, null);
      }
    }
  }

  /** The cut itself (T3). `full` says of which operators the whole state is wanted. */
  cut(
    checkpoint: number,
    full: (uid: string) => boolean,
  ): { readonly outputs: readonly Emission[]; readonly snapshot: SubtaskSnapshot } {
    assert(this.#cut === checkpoint, `T3: cut ${checkpoint} is due`);
    this.#cut = null;
    for (const { operator } of this.#chain.operators) operator?.prepareSnapshot(checkpoint);
    for (const partition of this.#chain.partitions) partition.broadcast(this.#barrier);
    this.source?.snapshot(checkpoint);
    const operators = this.#chain.snapshot(full);
    return {
      outputs: this.#emissions.splice(0),
      snapshot: { vertex: this.vertex, subtask: this.subtask, operators },
    };
  }

  /** Checkpoint `checkpoint` is complete: two-phase sinks commit. */
  async notifyCheckpointComplete(checkpoint: number): Promise<void> {
    await this.source?.notifyCheckpointComplete(checkpoint);
    for (const { operator, node } of this.#chain.operators) {
      try {
        await operator?.notifyCheckpointComplete(checkpoint);
      } catch (error) {
        throw this.#failure(error, node.uid, null);
      }
    }
  }

  #headOperator(): Operator<unknown, unknown> {
    const { operator } = this.#chain.head;
    assert(operator !== null, "the head of a gated task is an operator");
    return operator;
  }

  /** Runs what happens between two records. */
  #guard(action: () => void): void {
    try {
      action();
      this.#chain.undo?.commit();
    } catch (error) {
      throw this.#failure(error, null, null);
    }
  }

  /** Errors of user code leave with the place they happened at. */
  #failure(error: unknown, uid: string | null, position: string | null): MillraceError {
    const where = {
      operator: uid ?? this.#environment.vertex.name,
      subtask: this.subtask,
      ...(position === null ? {} : { position }),
    };
    if (error instanceof MillraceError) return error.at(where);
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return new JobError(message, { code: "JOB_USER_CODE", where, cause: error });
  }
}

function inputChannels({ program, vertex, subtask }: TaskEnvironment): readonly InputChannel[] {
  const { jobGraph, executionGraph } = program.plan;
  return executionGraph.channels
    .filter(({ edge, to }) => to === subtask && jobGraph.edges[edge]?.toVertex === vertex.id)
    .map(({ edge, from }) => ({ edge, from, input: jobGraph.edges[edge]?.input ?? 0 }));
}
