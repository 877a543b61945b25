import { assert } from "../../core/assert.ts";
import { MillraceError } from "../../core/errors.ts";
import type { SubtaskSnapshot } from "../../core/checkpoint/snapshot.ts";
import { JobError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/index.ts";
import { MetricRegistry } from "../../core/runtime/metric-registry.ts";
import type { Program } from "../../core/runtime/program.ts";
import { StreamTask } from "../../core/runtime/stream-task.ts";
import type { OperatorRestore, TaskEnvironment } from "../../core/runtime/task-environment.ts";
import type { Emission } from "../../core/runtime/task-output.ts";
import type { Budget } from "../../core/time/index.ts";
import { MAX_WATERMARK } from "../../core/timestamp.ts";
import { AccumulatorSums } from "./accumulator-sums.ts";
import { EmbeddedChannel } from "./embedded-channel.ts";
import { Scheduler } from "./scheduler.ts";
import { SourceCoordinator } from "./source-coordinator.ts";
import { TaskUnit } from "./task-unit.ts";

/** What a restored checkpoint gives to an execution. */
export interface ExecutionRestore {
  readonly checkpoint: number;
  /** By subtask: what each operator gets, by uid. */
  operator(uid: string, subtask: number): OperatorRestore | null;
  enumerator(uid: string): { readonly state: unknown } | null;
  /** Unfinished splits of all readers of a source. */
  splits(uid: string): readonly unknown[];
}

export interface ExecutionOptions {
  readonly program: Program;
  readonly attempt: number;
  readonly runId: string;
  readonly restore: ExecutionRestore | null;
  readonly allowNonRestoredState: boolean;
  readonly clock: Clock;
  readonly print: (line: string) => void;
  readonly progress: (step: string) => void;
  /** A barrier is complete in a subtask and its state is cut. */
  readonly onSnapshot: (checkpoint: number, snapshot: SubtaskSnapshot) => void;
  /** Which operators of a subtask must write their whole state at this cut. */
  readonly full: (checkpoint: number, uid: string, subtask: number) => boolean;
  /** Records were processed or timers fired: there is something to checkpoint (L8). */
  readonly onActive: () => void;
  /** All tasks are open: checkpoints may start. */
  readonly onReady: () => void;
  /** Every task has seen the end of its input. */
  readonly onEnd: () => void;
}

/**
 * One attempt to run a job in this process: its tasks, channels and enumerators.
 *
 *   X1  the first failure ends the attempt; nothing of it takes effect afterwards
 *   X2  a trigger takes the enumerators' snapshot and asks all source tasks in one step, so that a
 *       split is in exactly one of them (TU3)
 */
export class Execution {
  readonly metrics: MetricRegistry = new MetricRegistry();
  readonly accumulators: AccumulatorSums = new AccumulatorSums();
  readonly #options: ExecutionOptions;
  readonly #units: readonly TaskUnit[];
  readonly #channels = new Map<string, EmbeddedChannel>();
  readonly #scheduler: Scheduler;
  readonly #sources: readonly SourceCoordinator[];
  #failure: { readonly error: unknown } | null = null;
  #closed = false;
  #endReported = false;
  readonly #cuts = new Set<Promise<void>>();

  constructor(options: ExecutionOptions) {
    this.#options = options;
    const { executionGraph } = options.program.plan;
    for (const { edge, from, to } of executionGraph.channels) {
      this.#channels.set(channelId(edge, from, to), new EmbeddedChannel());
    }
    this.#units = executionGraph.subtasks.map(({ vertex, index }) => this.#unit(vertex, index));
    this.#scheduler = new Scheduler(this.#units, options.clock, (unit, budget) =>
      this.#runTurn(unit, budget),
    );
    this.#sources = this.#sourceCoordinators();
  }

  get records(): number {
    return this.#sourceUnits().reduce((sum, { task }) => sum + (task.source?.records ?? 0), 0);
  }

  get watermark(): number {
    return this.#sourceUnits().reduce(
      (least, { task }) => Math.min(least, task.watermark),
      MAX_WATERMARK,
    );
  }

  /** Share of the bounded input that was read; null when some source does not know. */
  get done(): number | null {
    const shares = this.#sources.map((source) => source.done());
    if (shares.length === 0 || shares.some((share) => share === null)) return null;
    return shares.reduce((sum: number, share) => sum + (share ?? 0), 0) / shares.length;
  }

  /** Opens all tasks (consumers first), then the enumerators; then runs until `stop` or a failure. */
  async run(): Promise<void> {
    try {
      for (const { task } of this.#units.toReversed()) {
        await task.open(this.#options.allowNonRestoredState);
      }
      for (const source of this.#sources) await this.#startSource(source);
      this.#options.onReady();
      await this.#scheduler.run();
    } catch (error) {
      this.fail(error);
    }
    await Promise.allSettled(this.#cuts);
    if (this.#failure !== null) throw this.#failure.error;
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#scheduler.stop();
  }

  /** Ends `run` after the turn at work. */
  stop(): void {
    this.#scheduler.stop();
  }

  /** Sources take in nothing more; barriers still flow. */
  stopSources(): void {
    for (const unit of this.#sourceUnits()) unit.stop();
  }

  resumeSources(): void {
    for (const unit of this.#sourceUnits()) unit.resume();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closing = [
      ...this.#units.map(({ task }) => task.close()),
      ...this.#sources.map((source) => source.close()),
    ];
    await Promise.allSettled(closing);
  }

  /** Starts the barriers of a checkpoint (X2); returns the enumerators' states by uid. */
  trigger(checkpoint: number): ReadonlyMap<string, unknown> {
    const states = new Map(
      this.#sources.map((source) => [source.uid, source.snapshot(checkpoint)] as const),
    );
    for (const unit of this.#sourceUnits()) unit.trigger(checkpoint);
    return states;
  }

  /**
   * Checkpoint `checkpoint` is complete: all sinks commit. Rejects with the first failure, also when
   * the attempt ended before all had committed: the next one does it then.
   */
  async notifyCheckpointComplete(checkpoint: number): Promise<void> {
    for (const { task } of this.#units) {
      if (this.#failure !== null || this.#closed) throw endedBeforeCommit(checkpoint);
      await task.notifyCheckpointComplete(checkpoint);
    }
  }

  /** What a source cannot find is told with the source's name. */
  async #startSource(source: SourceCoordinator): Promise<void> {
    try {
      await source.start();
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      const { operators } = this.#options.program.plan.streamGraph;
      const name = operators.find(({ uid }) => uid === source.uid)?.name ?? source.uid;
      throw error.at({ operator: name });
    }
  }

  #runTurn(unit: TaskUnit, budget: Budget): void {
    const result = unit.runTurn(budget);
    if (result.active) this.#options.onActive();
    if (result.recordsIn > 0 && unit.task.source !== null) {
      this.#options.progress(`read ${unit.task.vertex} ${unit.task.subtask}`);
    }
    if (result.cut !== null) this.#startCut(unit, result.cut);
    else if (unit.task.ended) this.#checkEnd();
  }

  #startCut(unit: TaskUnit, checkpoint: number): void {
    const cut = this.#cut(unit, checkpoint);
    this.#cuts.add(cut);
    void cut.then(() => this.#cuts.delete(cut));
  }

  async #cut(unit: TaskUnit, checkpoint: number): Promise<void> {
    unit.beginCut();
    try {
      await unit.task.flush(checkpoint);
      if (this.#failure !== null || this.#closed) return;
      const { vertex, subtask } = unit.task;
      this.#options.progress(`barrier ${vertex} ${subtask} ${checkpoint}`);
      const { outputs, snapshot } = unit.task.cut(checkpoint, (uid) =>
        this.#options.full(checkpoint, uid, subtask),
      );
      unit.dispatch(outputs);
      this.#options.onSnapshot(checkpoint, snapshot);
      unit.endCut();
    } catch (error) {
      this.fail(error);
    }
  }

  #checkEnd(): void {
    if (this.#endReported || !this.#units.every(({ task }) => task.ended)) return;
    this.#endReported = true;
    this.#options.onEnd();
  }

  #sourceUnits(): readonly TaskUnit[] {
    return this.#units.filter(({ task }) => task.source !== null);
  }

  #unit(vertexId: string, subtask: number): TaskUnit {
    const { plan } = this.#options.program;
    const task = new StreamTask(this.#environment(vertexId, subtask));
    const inputs = task.inputs.map(({ edge, from }) => this.#channel(edge, from, subtask));
    const outputs = plan.executionGraph.channels
      .filter(
        ({ edge, from }) => from === subtask && plan.jobGraph.edges[edge]?.fromVertex === vertexId,
      )
      .map(({ edge, from, to }) => this.#channel(edge, from, to));
    return new TaskUnit({
      task,
      inputs,
      outputs,
      send: (unit, emission) => this.#send(unit, emission),
      wakeScheduler: () => this.#scheduler.wake(),
    });
  }

  #send(unit: TaskUnit, { edge, to, element }: Emission): void {
    this.#channel(edge, unit.task.subtask, to).push(element);
    this.#scheduler.wake();
  }

  #channel(edge: number, from: number, to: number): EmbeddedChannel {
    const channel = this.#channels.get(channelId(edge, from, to));
    assert(channel !== undefined, `channel ${edge} from ${from} to ${to} is in the plan`);
    return channel;
  }

  #environment(vertexId: string, subtask: number): TaskEnvironment {
    const { program, restore, attempt, runId, clock, print, progress } = this.#options;
    const vertex = program.plan.jobGraph.vertices.find(({ id }) => id === vertexId);
    assert(vertex !== undefined, `vertex ${vertexId} is in the plan`);
    const restored = new Map<string, OperatorRestore>();
    for (const uid of vertex.operators) {
      const part = restore?.operator(uid, subtask) ?? null;
      if (part !== null) restored.set(uid, part);
    }
    return {
      program,
      vertex,
      subtask,
      attempt,
      runId,
      lastCheckpoint: restore?.checkpoint ?? 0,
      restore: restored,
      stagesOutput: false,
      clock,
      random: Math.random,
      metrics: this.metrics,
      accumulators: this.accumulators,
      print,
      progress,
      requestSplit: () => this.#source(vertexId).requestSplit(subtask),
      wake: () => this.#unitOf(vertexId, subtask)?.wake(),
      fail: (error) => this.fail(error),
    };
  }

  #unitOf(vertex: string, subtask: number): TaskUnit | undefined {
    return this.#units.find(({ task }) => task.vertex === vertex && task.subtask === subtask);
  }

  #source(uid: string): SourceCoordinator {
    const source = this.#sources.find((each) => each.uid === uid);
    assert(source !== undefined, `source ${uid} has a coordinator`);
    return source;
  }

  #sourceCoordinators(): readonly SourceCoordinator[] {
    const { program, restore } = this.#options;
    return program.plan.jobGraph.vertices.flatMap(({ id }) => {
      const implementation = program.implementations.get(id);
      if (implementation?.kind !== "source") return [];
      const coordinator = new SourceCoordinator({
        uid: id,
        implementation,
        units: this.#units.filter(({ task }) => task.vertex === id),
        restored: restore?.enumerator(id) ?? null,
        splitsBack: restore?.splits(id) ?? [],
        fail: (error) => this.fail(error),
      });
      return [coordinator];
    });
  }
}

function endedBeforeCommit(checkpoint: number): JobError {
  return new JobError("the attempt ended before all sinks had committed", {
    code: "JOB_NOT_COMMITTED",
    where: { checkpoint },
    hint: "nothing is lost: whoever goes on from this checkpoint commits first",
    retryable: true,
  });
}

function channelId(edge: number, from: number, to: number): string {
  return `${edge}/${from}/${to}`;
}
