import { join } from "node:path";
import { assertNever } from "../../../core/assert.ts";
import { JobError } from "../../../core/errors.ts";
import { COORDINATOR, queueOf } from "../../../core/protocol/address.ts";
import type { Command } from "../../../core/protocol/control.ts";
import type { JobControl } from "../../../core/protocol/job-control.ts";
import type { JobRecord } from "../../../core/protocol/job-record.ts";
import type { JobTopology } from "../../../core/protocol/job-topology.ts";
import type { JobEvent, JobResult, JobState, JobStatus } from "../job-events.ts";
import type { JobHandle } from "../run-job.ts";
import { type CommandOutcome, CommandWatch } from "./command-watch.ts";
import { Dispatcher } from "./dispatcher.ts";
import { blobDirectory } from "./file-ports.ts";
import type { FunctionsDirectory } from "./functions-directory.ts";
import { type FunctionsResult, failureOf, resultOf } from "./functions-result.ts";
import { JobMetrics } from "./job-metrics.ts";
import { RecordWatch } from "./record-watch.ts";
import type { StartChoice } from "./start-choice.ts";
import { WorkerPool } from "./worker-pool.ts";
import { WorkerReports } from "./worker-reports.ts";
import type { InvocationEnd, WorkerNote } from "./worker-process.ts";
import type { WorkerSetup } from "./worker-message.ts";

export interface FunctionsJobOptions {
  readonly topology: JobTopology;
  readonly directory: FunctionsDirectory;
  readonly control: JobControl;
  readonly choice: StartChoice;
  readonly allowNonRestoredState: boolean;
  readonly workers: number;
  /** As in `WorkerPoolOptions`. */
  readonly stickMs: number;
  readonly script: string;
  readonly setup: WorkerSetup;
  readonly onEvent: (event: JobEvent) => void;
  readonly onInvocation?: (pid: number) => void;
}

type Ending = JobResult["state"];

/**
 * A job on functions, in the process that delivers its messages.
 *
 *   FJ1  its record alone says how it stands; what workers tell is only a reason to look
 *   FJ2  when `result` has settled, no worker is left and the directory is given back
 *   FJ3  a stop that an earlier process asked for ends that process's wish: the job goes on
 */
export class FunctionsJob implements JobHandle {
  readonly result: Promise<FunctionsResult>;
  readonly #options: FunctionsJobOptions;
  readonly #reports: WorkerReports;
  readonly #metrics: JobMetrics;
  readonly #pool: WorkerPool;
  readonly #dispatcher: Dispatcher;
  readonly #watch: CommandWatch;
  readonly #record: RecordWatch;
  readonly #startedAt: number;
  readonly #coordinatorQueue: string;
  #state: JobState = "running";
  #stopWanted = false;
  readonly #ended: Promise<Ending>;
  /** Of the present generation. */
  #starting: Promise<void>;
  #begun = false;
  #end: (ending: Ending) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: FunctionsJobOptions) {
    const { topology, directory, control, onEvent, workers, stickMs, script, setup } = options;
    this.#options = options;
    this.#startedAt = directory.ports.clock.now();
    this.#coordinatorQueue = queueOf(topology.job, COORDINATOR.vertex);
    this.#ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    // It may be rejected before `#main` waits for it.
    this.#ended.catch(() => undefined);
    this.#reports = new WorkerReports(onEvent);
    this.#metrics = new JobMetrics(directory.metrics, topology);
    this.#pool = new WorkerPool({
      script,
      setup,
      size: workers,
      stickMs,
      planHash: topology.program.plan.planHash,
      onFree: () => this.#dispatcher.poke(),
      onTold: (note) => this.#onTold(note),
      onWorkerEnd: (reason) => this.#reports.ended(reason),
      onFailure: (error) => this.#fail(error),
      ...(options.onInvocation === undefined ? {} : { onInvocation: options.onInvocation }),
    });
    this.#dispatcher = new Dispatcher({
      ports: directory.ports,
      queues: queuesOf(topology),
      pool: this.#pool,
      onEnd: (queue, end) => this.#onInvocationEnd(queue, end),
      onFailure: (error) => this.#fail(error),
    });
    this.#watch = new CommandWatch({ control, blobs: directory.ports.blobs, onEvent });
    this.#record = new RecordWatch({
      records: directory.ports.records,
      job: topology.job,
      onRecord: (record) => this.#lookAt(record),
      onFailure: (error) => this.#fail(error),
    });
    this.#starting = this.#start(options.choice);
    this.result = this.#main();
  }

  status(): JobStatus {
    const { last, completed } = this.#watch;
    const { records, watermark } = this.#metrics.look();
    return {
      state: this.#state,
      attempt: 0,
      records,
      watermark,
      lastCheckpoint: last,
      checkpoints: completed,
      done: null,
    };
  }

  async savepoint(): Promise<string> {
    const { path } = await this.#command({ kind: "savepoint" });
    return join(blobDirectory(this.#options.directory.path), path);
  }

  /** As for the embedded host. When it cannot be done the job goes on. */
  async stop(): Promise<number> {
    this.#stopWanted = true;
    try {
      const { checkpoint } = await this.#command({ kind: "stop", drain: false });
      return checkpoint;
    } catch (error) {
      this.#stopWanted = false;
      throw error;
    }
  }

  cancel(): void {
    this.#end("cancelled");
  }

  /** Ends all workers now; the job goes on where it was at the next start. */
  abandon(): void {
    this.#state = "failed";
    void this.#pool.close();
  }

  async #command(command: Command): Promise<CommandOutcome> {
    await this.#starting;
    this.#assertRunning();
    const requestId = await this.#options.control.command(command);
    const outcome = this.#watch.outcome(requestId);
    this.#dispatcher.poke();
    return outcome;
  }

  #assertRunning(): void {
    if (this.#state === "running") return;
    throw new JobError(`the job is ${this.#state}`, {
      code: "JOB_NOT_RUNNING",
      where: { job: this.#options.topology.job },
      hint: "ask again while it runs",
    });
  }

  async #main(): Promise<FunctionsResult> {
    try {
      await this.#starting;
      this.#begun = true;
      this.#dispatcher.begin();
      this.#record.look();
      const ending = await this.#ended;
      return await this.#finish(ending);
    } catch (error) {
      this.#state = "failed";
      throw error;
    } finally {
      // What is under way is ended, not waited for: its messages come again at the next start.
      await this.#pool.close();
      await this.#dispatcher.stop();
      this.#watch.end(this.#state);
      await this.#options.directory.close();
    }
  }

  async #start(choice: StartChoice): Promise<void> {
    // Whoever made this object gets to see its events, also those of the start.
    await Promise.resolve();
    const { control, directory, allowNonRestoredState, onEvent } = this.#options;
    let restoredFrom: number | null = null;
    if (choice.kind === "start") {
      await directory.beginStart(choice.from);
      await control.start({ from: choice.from, allowNonRestoredState });
      const origin = (await this.#record.read())?.source ?? null;
      restoredFrom = origin === null || origin.metadata === null ? null : origin.checkpoint;
    } else {
      await control.resume();
      const record = await this.#record.read();
      if (record !== null) await control.sendStarts(record);
    }
    await this.#watch.begin();
    onEvent({ kind: "started", attempt: 0, restoredFrom });
  }

  async #finish(ending: Ending): Promise<FunctionsResult> {
    if (ending === "cancelled") {
      await this.#pool.close();
      await this.#options.control.cancel();
    } else await this.#dispatcher.stop();
    this.#state = ending;
    await this.#watch.look();
    const { directory, workers } = this.#options;
    return resultOf({
      ending,
      record: await this.#record.read(),
      metrics: this.#metrics.look(),
      checkpoints: this.#watch.completed,
      lastCheckpoint: this.#watch.last,
      durationMs: directory.ports.clock.now() - this.#startedAt,
      workers,
      workersLost: this.#reports.workersLost,
    });
  }

  #onInvocationEnd(queue: string | null, end: InvocationEnd): void {
    if (end.kind === "died" || queue === this.#coordinatorQueue) this.#record.look();
  }

  #onTold(note: WorkerNote): void {
    switch (note.kind) {
      case "news":
        return this.#dispatcher.poke(note.of);
      case "print":
        return this.#reports.printed(note.line);
      case "job-failed":
        return this.#record.look();
      case "error":
        return this.#reports.failed(note.at, note.error);
      default:
        return assertNever(note);
    }
  }

  /** FJ1. Before its start is through, the record is that of the run before. */
  async #lookAt(record: JobRecord): Promise<void> {
    if (!this.#begun) return;
    switch (record.phase) {
      case "finished":
        return this.#end("finished");
      case "stopped":
        return this.#stopped();
      case "failed":
        return this.#failed(failureOf(record));
      case "cancelled":
        return this.#end("cancelled");
      default:
        await this.#watch.lookNowAndThen();
    }
  }

  #failed(error: JobError): void {
    this.#options.onEvent({ kind: "failed", error, restartInMs: null });
    this.#fail(error);
  }

  /** FJ3. */
  async #stopped(): Promise<void> {
    if (this.#stopWanted) return this.#end("stopped");
    const line = "a stop that was asked for before is complete; the job goes on from it";
    this.#options.onEvent({ kind: "notice", line });
    this.#starting = this.#start({ kind: "start", from: "latest" });
    await this.#starting;
    this.#dispatcher.poke();
  }
}

function queuesOf(topology: JobTopology): readonly string[] {
  const vertices = topology.program.plan.jobGraph.vertices.map(({ id }) => id);
  return [COORDINATOR.vertex, ...vertices].map((vertex) => queueOf(topology.job, vertex));
}
