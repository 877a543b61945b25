import { JobError } from "../../../core/errors.ts";
import type { InvocationEnd, WorkerNote } from "./worker-process.ts";
import { WorkerProcess } from "./worker-process.ts";
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
 *   PL1  a queue's messages go to the worker that had them last, for it has warm copies; to another
 *        one only when that one has been busy for a while
 *   PL2  after `close` no process of the pool is left
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Set<WorkerProcess>();
  readonly #lastOf = new Map<string, WorkerProcess>();
  #invocations = 0;
  #failedStarts = 0;
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    for (let i = 0; i < options.size; i += 1) this.#add();
  }

  get hasFree(): boolean {
    for (const worker of this.#workers) if (worker.isFree) return true;
    return false;
  }

  /** When a queue's messages can be run, as far as it is known now: 0 at once, else the wall clock. */
  readyAt(key: string): number {
    if (!this.hasFree) return Infinity;
    const busySince = this.#lastOf.get(key)?.busySinceMs ?? null;
    return busySince === null ? 0 : busySince + this.#options.stickMs;
  }

  /** Runs an invocation; null: no worker is free. `key`: of the queue (PL1). */
  run(work: Work, key: string, timeoutMs: number): Promise<InvocationEnd> | null {
    const worker = this.#choose(key);
    if (worker === null) return null;
    this.#lastOf.set(key, worker);
    this.#invocations += 1;
    const end = worker.invoke({ ...work, id: this.#invocations }, timeoutMs);
    if (worker.pid !== undefined) this.#options.onInvocation?.(worker.pid);
    return end;
  }

  /** Ends all workers, in the middle of whatever they do. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#workers];
    for (const worker of workers) worker.kill("the job has ended");
    await Promise.all(workers.map(({ ended }) => ended));
  }

  /** The last one of the queue, else one that is nobody's last, else any. */
  #choose(key: string): WorkerProcess | null {
    const last = this.#lastOf.get(key);
    if (last?.isFree === true) return last;
    const taken = new Set(this.#lastOf.values());
    let free: WorkerProcess | null = null;
    for (const worker of this.#workers) {
      if (!worker.isFree) continue;
      if (!taken.has(worker)) return worker;
      free ??= worker;
    }
    return free;
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
    for (const [key, last] of this.#lastOf) if (last === worker) this.#lastOf.delete(key);
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
