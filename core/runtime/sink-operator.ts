import type { Committer, Sink, SinkWriter } from "../connector/sink.ts";
import { randomId } from "../ports/index.ts";
import type { OperatorList } from "../state/index.ts";
import { Operator, type OperatorSetup } from "./operator.ts";
import type { TaskEnvironment } from "./task-environment.ts";

/** What was pre-committed at one barrier and is not known to be committed. */
export interface Epoch {
  readonly checkpoint: number;
  readonly committables: readonly unknown[];
}

/** The list state that holds epochs; `prepare` of a sink reads it from a restored checkpoint. */
export const COMMITTABLES = "committables";

/**
 * A sink as the end of a chain.
 *
 *   SK1  what is pre-committed is in the snapshot of its barrier (`flush` runs before the cut)
 *   SK2  a notification for n commits all epochs <= n: an aborted n - 1 is not forgotten (semantics 24)
 *   SK3  epochs of a restored checkpoint are committed before the first record
 */
export class SinkOperator extends Operator<unknown, never> {
  readonly #writer: SinkWriter<unknown, unknown>;
  readonly #committer: Committer<unknown> | null;
  readonly #epochs: OperatorList<Epoch>;
  readonly #environment: TaskEnvironment;
  readonly #undoable: boolean;
  #recordsIn = 0;
  #ended = false;

  constructor(setup: OperatorSetup<never>, sink: Sink<unknown>, environment: TaskEnvironment) {
    super(setup);
    this.#environment = environment;
    const { context } = setup;
    this.#undoable = context.undoable;
    this.#writer = sink.createWriter({
      uid: context.uid,
      runId: environment.runId,
      subtask: context.subtask,
      parallelism: context.parallelism,
      lastCheckpoint: environment.lastCheckpoint,
      writerId: randomId({ next: environment.random }),
      firstIndex: 0,
      clock: context.clock,
      metrics: context.metrics,
      print: (line) => context.print(line),
    });
    this.#committer = sink.createCommitter?.() ?? null;
    this.#epochs = context.operatorState.list<Epoch>(COMMITTABLES);
    context.metrics.gauge("numRecordsIn", () => this.#recordsIn);
  }

  override async open(): Promise<void> {
    await this.#commit(this.#environment.lastCheckpoint);
  }

  process(value: unknown, timestamp: number): void {
    this.#recordsIn += 1;
    if (this.#undoable) {
      this.context.afterRecord(() => this.#writer.write(value, timestamp));
    } else {
      this.#writer.write(value, timestamp);
    }
  }

  override endOfInput(): void {
    this.#ended = true;
  }

  override backlog(): Promise<void> | null {
    return this.#writer.backlog?.() ?? null;
  }

  override async flush(checkpoint: number): Promise<void> {
    await this.#writer.flush?.(this.#ended);
    const committables = await this.#writer.prepareCommit?.(checkpoint);
    if (committables === undefined || committables.length === 0) return;
    this.#epochs.update([...this.#epochs.get(), { checkpoint, committables }]);
    this.#environment.progress(`pre-commit ${this.context.uid} ${checkpoint}`);
  }

  override async notifyCheckpointComplete(checkpoint: number): Promise<void> {
    await this.#commit(checkpoint);
  }

  async #commit(checkpoint: number): Promise<void> {
    const due = this.#epochs.get().filter((epoch) => epoch.checkpoint <= checkpoint);
    if (due.length === 0) return;
    await this.#committer?.commit(due.flatMap((epoch) => epoch.committables));
    this.#epochs.update(this.#epochs.get().filter((epoch) => epoch.checkpoint > checkpoint));
    this.#environment.progress(`committed ${this.context.uid} ${checkpoint}`);
  }

  override async close(): Promise<void> {
    await this.#writer.close?.();
    await this.#committer?.close?.();
  }
}
