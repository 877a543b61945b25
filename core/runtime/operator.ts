import type { Clock, MetricGroup } from "../ports/index.ts";
import type { KeyedStateBackend, OperatorStateStore, StateScope } from "../state/index.ts";
import type { TimerService } from "../time/index.ts";

/**
 * Where an operator's results go: the next operator of the chain by direct call, or the buffers of
 * an edge. One method call per record and hop, no allocation.
 */
export interface Output<T> {
  process(value: T, timestamp: number): void;
  watermark(timestamp: number): void;
  status(idle: boolean): void;
}

/** Side outputs of one operator by tag; records for a tag that nobody reads are dropped. */
export interface SideOutputs {
  emit(tag: string, value: unknown, timestamp: number): void;
}

/** What an operator may use. One per operator and subtask; valid from `open` on. */
export interface OperatorContext {
  readonly job: string;
  readonly uid: string;
  readonly name: string;
  readonly subtask: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** 0 on the first start, then the number of restarts in this process. */
  readonly attempt: number;
  readonly clock: Clock;
  readonly metrics: MetricGroup;
  /** Keyed state; only for operators whose node is `keyed`, else an error names the operator. */
  readonly state: KeyedStateBackend;
  /** Timers of the keyed state. */
  readonly timers: TimerService;
  /** List, union and broadcast state. */
  readonly operatorState: OperatorStateStore;
  readonly accumulators: Accumulators;
  /** Strict mode (decision p): values from state are frozen. */
  readonly strict: boolean;
  /** Runs `action` when the input record that is being processed is certain to take effect: at
   * once, or after its last operator returned when dead letters are on. For effects that cannot
   * be undone (writes to a sink). */
  afterRecord(action: () => void): void;
  /** True when dead letters are on, so that `afterRecord` is needed at all. */
  readonly undoable: boolean;
  /** A line on the job's standard output. */
  print(line: string): void;
}

/** Named sums that end up in the job's result. */
export interface Accumulators {
  /** Adds to the sum `name` of this job. */
  add(name: string, by: number): void;
}

/**
 * A one-input operator of one subtask. Subclass it; a new operator needs nothing else from the
 * engine. Called by one thread only; everything but `open`, `flush` and `close` is synchronous.
 *
 *   O1  `process` is called only between `open` and `close`; before it for a keyed operator, the
 *       current key of `context.state` is set
 *   O2  timers at or before watermark w fire before `watermark(w)` is called
 *   O3  whatever must survive lies in `context.state` or `context.operatorState`, or can be derived
 *       from them in `open`
 */
export abstract class Operator<I = never, O = unknown> implements Output<I> {
  protected readonly context: OperatorContext;
  protected readonly out: Output<O>;
  protected readonly side: SideOutputs;

  constructor(setup: OperatorSetup<O>) {
    this.context = setup.context;
    this.out = setup.out;
    this.side = setup.side;
  }

  /** State is declared and, after a restore, filled when this is called. */
  open(): void | Promise<void> {}

  abstract process(value: I, timestamp: number): void;

  watermark(timestamp: number): void {
    this.out.watermark(timestamp);
  }

  status(idle: boolean): void {
    this.out.status(idle);
  }

  /** A timer of one key fired; `scope` is its table and key, also current in `context.state`. */
  onEventTime(_timestamp: number, _scope: StateScope): void {}

  onProcessingTime(_timestamp: number, _scope: StateScope): void {}

  /** A timer of a whole namespace fired (`TimerService.registerNamespaceEventTime`). */
  onNamespaceEventTime(_timestamp: number, _namespace: string | number): void {}

  onNamespaceProcessingTime(_timestamp: number, _namespace: string | number): void {}

  /**
   * After the records of a turn. Returns when it wants to be called again without input (processing
   * time in ms), or null. Periodic watermarks and idleness live here.
   */
  onTurnEnd?(now: number): number | null;

  /**
   * What the operator knows beside its state and must not lose between two turns in different
   * processes (a watermark), as a value of the codec. A checkpoint has none of it: after a restore
   * watermarks begin anew, as in Flink.
   */
  captureProgress?(): unknown;

  /** Before the first element: what `captureProgress` gave at the end of the last turn. */
  resumeProgress?(progress: unknown): void;

  /** All input has ended; the last chance to emit records. After the MAX watermark. */
  endOfInput(): void {}

  /** Null while `process` may be called; else resolves when it may again (a slow sink). */
  backlog(): Promise<void> | null {
    return null;
  }

  /** The async edge of a turn, before every cut (`checkpoint`) and at the end of input. */
  flush?(checkpoint: number): Promise<void>;

  /** Called synchronously at the cut, before state is snapshotted. */
  prepareSnapshot(_checkpoint: number): void {}

  notifyCheckpointComplete(_checkpoint: number): void | Promise<void> {}

  close(): void | Promise<void> {}
}

/** A two-input operator; its watermark is the minimum over both inputs. Always the head of a chain. */
export abstract class TwoInputOperator<L = never, R = never, O = unknown> extends Operator<L, O> {
  abstract process2(value: R, timestamp: number): void;
}

export interface OperatorSetup<O> {
  readonly context: OperatorContext;
  readonly out: Output<O>;
  readonly side: SideOutputs;
}

/** Makes the operator of one subtask. */
// oxlint-disable-next-line typescript/no-explicit-any -- the plan connects operators of any types
export type OperatorFactory = (setup: OperatorSetup<any>) => Operator<any, any>;
