import { JobError } from "../../../core/errors.ts";
import type { InvocationEnd, WorkerNote } from "./worker-process.ts";
import { WorkerProcess } from "./worker-process.ts";
import { QueueOwners } from "./queue-owners.ts";
import type { Invocation, WorkerError, WorkerSetup } from "./worker-message.ts";

export interface WorkerPoolOptions {
  /** The module that calls `serveInvocations`. */
  readonly script: string;
  readonly setup: WorkerSetup;
  readonly size: number;
  readonly planHash: string;
  /** How long messages wait for the worker that had their queue last while another one is free. */
  readonly stickMs: number;
  /** A worker is free. */
  onFree(): void;
  onTold(message: WorkerNote): void;
  onWorkerEnd(reason: string): void;
  /** There will be no workers. */
  onFailure(error: Error): void;
  /** For tests, which kill it. */
  onInvocation?(pid: number): void;
}

/** An invocation without its number. */
export type Work =
  | Omit<Extract<Invocation, { readonly kind: "queue" }>, "id">
  | Omit<Extract<Invocation, { readonly kind: "timer" }>, "id">;

/** Workers in a row that ended before they were ready. */
const FAILED_STARTS_MAX = 10;

/**
 * The workers of a job. One that ends, however it ends, is replaced.
 *
 *   PL1  a queue stays with its worker while that is not too busy (QO1)
 *   PL2  after `close` no process of the pool is left
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Set<WorkerProcess>();
  readonly #owners: QueueOwners<WorkerProcess>;
  #invocations = 0;
  #failedStarts = 0;
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#owners = new QueueOwners(options.stickMs);
    for (let i = 0; i < options.size; i += 1) this.#add();
  }

  get hasFree(): boolean {
    for (const worker of this.#workers) if (worker.isFree) return true;
    return false;
  }

  /** When a queue's messages can be run, as far as it is known now: 0 at once, else the wall clock. */
  readyAt(queue: string): number {
    return this.#owners.readyAt(queue, this.#workers, Date.now());
  }

  /** Runs an invocation with messages of a queue; null: no worker is for it (PL1). */
  run(work: Work, queue: string, timeoutMs: number): Promise<InvocationEnd> | null {
    const worker = this.#owners.choose(queue, this.#workers, Date.now());
    if (worker === null) return null;
    this.#owners.took(queue, worker);
    this.#invocations += 1;
    const end = worker.invoke({ ...work, id: this.#invocations }, timeoutMs);
    if (worker.pid !== undefined) this.#options.onInvocation?.(worker.pid);
    const startedAt = performance.now();
    return end.then((ended) => {
      this.#owners.worked(queue, performance.now() - startedAt);
      return ended;
    });
  }

  /** Ends all workers, in the middle of whatever they do. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#workers];
    for (const worker of workers) worker.kill("the job has ended");
    await Promise.all(workers.map(({ ended }) => ended));
  }

  #add(): void {
    const { script, setup, planHash } = this.#options;
    let ready = false;
    const worker = new WorkerProcess(script, setup, {
      onReady: (theirs) => {
        ready = true;
        this.#failedStarts = 0;
        if (theirs !== planHash) this.#options.onFailure(otherPlan());
        else this.#options.onFree();
      },
      onUnusable: (error) => this.#options.onFailure(unusable(error)),
      onTold: (message) => this.#options.onTold(message),
      onEnd: (reason) => this.#onEnd(worker, ready, reason),
    });
    this.#workers.add(worker);
  }

  #onEnd(worker: WorkerProcess, ready: boolean, reason: string): void {
    this.#workers.delete(worker);
    this.#owners.forget(worker);
    if (this.#closed) return;
    this.#options.onWorkerEnd(reason);
    if (!ready) this.#failedStarts += 1;
    if (this.#failedStarts > FAILED_STARTS_MAX) this.#options.onFailure(neverReady(reason));
    else this.#add();
  }
}

function unusable({ message, stack }: WorkerError): JobError {
  const error = new JobError(`a worker cannot run the job: ${message}`, {
    code: "JOB_WORKER_START",
    hint: "correct the job; in this process it could be built",
  });
  if (stack !== null) error.stack = stack;
  return error;
}

function otherPlan(): JobError {
  return new JobError("a worker built another plan of the job than this process", {
    code: "JOB_WORKER_START",
    hint: "take out of build what differs between processes, or start again if the file changed",
  });
}

function neverReady(reason: string): JobError {
  return new JobError(`workers end before they can be used (${reason})`, {
    code: "JOB_WORKER_START",
    hint: "look at what they print; maybe the machine has no memory left",
  });
}
