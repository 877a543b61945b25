import {
  type Acknowledgement,
  type CheckpointDecision,
  type CheckpointEvent,
  type CheckpointKind,
  CheckpointCoordinator,
} from "../../core/checkpoint/index.ts";
import { assertNever } from "../../core/assert.ts";
import { JobError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports/index.ts";
import type { CheckpointSettings } from "../../core/runtime/program.ts";
import type { Subtask } from "../../core/plan/plan.ts";

export interface CheckpointDriverOptions<S> {
  readonly settings: CheckpointSettings;
  readonly subtasks: readonly Subtask[];
  readonly firstCheckpoint: number;
  readonly clock: Clock;
  /** Starts the barriers. */
  readonly trigger: (checkpoint: number, type: CheckpointKind) => void;
  /** Makes `_metadata` durable; returns the bytes that the checkpoint added. */
  readonly store: (
    checkpoint: number,
    type: CheckpointKind,
    triggeredAt: number,
    acknowledgements: readonly Acknowledgement<S>[],
  ) => Promise<number>;
  /** Tells all tasks; resolves when their sinks have committed. */
  readonly notify: (checkpoint: number) => Promise<void>;
  readonly retain: (count: number) => Promise<void>;
  /** A line for the user. */
  readonly notice: (line: string) => void;
  readonly onCompleted: (checkpoint: number, durationMs: number, bytes: number) => void;
  readonly onAborted: (checkpoint: number, reason: string) => void;
  /** The last checkpoint is complete and all sinks have committed. */
  readonly onFinished: () => void;
  readonly fail: (error: unknown) => void;
}

interface Request {
  readonly resolve: (checkpoint: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Drives the checkpoint coordinator of one attempt: clock and timers on one side, tasks and
 * storage on the other.
 *
 *   CD1  decisions are carried out in their order; notifications run one after the other
 *   CD2  a request resolves when its checkpoint is complete and its sinks have committed
 *   CD3  after `stop` nothing of this attempt is written or deleted any more, so that the next
 *        attempt (or another process) sees what it will go on from
 */
export class CheckpointDriver<S> {
  readonly #options: CheckpointDriverOptions<S>;
  readonly #coordinator: CheckpointCoordinator<S>;
  readonly #requests = new Map<string, Request>();
  readonly #bytes = new Map<number, number>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #work = new Set<Promise<void>>();
  #notifications: Promise<void> = Promise.resolve();
  #requestCount = 0;

  constructor(options: CheckpointDriverOptions<S>) {
    this.#options = options;
    this.#coordinator = new CheckpointCoordinator<S>({
      settings: options.settings,
      subtasks: options.subtasks.map(({ vertex, index }) => ({ vertex, subtask: index })),
      firstCheckpoint: options.firstCheckpoint,
    });
  }

  get nextCheckpoint(): number {
    return this.#coordinator.nextCheckpoint;
  }

  handle(event: CheckpointEvent<S>): void {
    for (const decision of this.#coordinator.handle(event, this.#options.clock.now())) {
      this.#carryOut(decision);
    }
  }

  /** Asks for a checkpoint or savepoint; resolves with its number (CD2). */
  request(type: CheckpointKind): Promise<number> {
    this.#requestCount += 1;
    const request = `request-${this.#requestCount}`;
    return new Promise((resolve, reject) => {
      this.#requests.set(request, { resolve, reject });
      this.handle({ kind: "request", request, type });
    });
  }

  /** Work in the background that `stop` waits for (CD3); must not reject. */
  track(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  /** The attempt is over: nothing is decided any more. Resolves when all work has ended (CD3). */
  async stop(): Promise<void> {
    this.handle({ kind: "stop" });
    while (this.#work.size > 0) await Promise.all(this.#work);
    await this.#notifications;
  }

  async #retain(count: number): Promise<void> {
    try {
      await this.#options.retain(count);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.notice(
        `old checkpoints could not be deleted (${reason}); the next one tries again`,
      );
    }
  }

  #carryOut(decision: CheckpointDecision<S>): void {
    switch (decision.kind) {
      case "trigger":
        return this.#trigger(decision.checkpoint, decision.type);
      case "abort":
        return this.#onAbort(
          decision.checkpoint,
          `${decision.reason}: ${decision.detail}`,
          decision.request,
        );
      case "reject":
        return this.#refuse(decision.request, "the job is no longer running");
      case "store":
        return this.track(this.#store(decision));
      case "completed":
        return this.#onCompleted(decision);
      case "notify-complete":
        // Part of `completed`, which knows the request that waits for the commit.
        return;
      case "retain":
        return this.track(this.#retain(decision.count));
      case "wake-at":
        return this.#wakeAt(decision.timestamp);
      case "fail-job":
        return this.#options.fail(
          new JobError(decision.message, {
            code: "JOB_CHECKPOINT_FAILED",
            where: { checkpoint: decision.checkpoint },
            hint: "look at the reason, or allow more with checkpointing.tolerableFailures",
          }),
        );
      default:
        return assertNever(decision);
    }
  }

  /** Enumerators are asked for their state: code of users, called by a timer. */
  #trigger(checkpoint: number, type: CheckpointKind): void {
    try {
      this.#options.trigger(checkpoint, type);
    } catch (error) {
      this.#options.fail(error);
    }
  }

  async #store(decision: CheckpointDecision<S> & { readonly kind: "store" }): Promise<void> {
    const { checkpoint, type, triggeredAt, acknowledgements } = decision;
    try {
      this.#bytes.set(
        checkpoint,
        await this.#options.store(checkpoint, type, triggeredAt, acknowledgements),
      );
      this.handle({ kind: "stored", checkpoint });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.handle({ kind: "store-failed", checkpoint, detail });
    }
  }

  #onCompleted(decision: CheckpointDecision<S> & { readonly kind: "completed" }): void {
    const { checkpoint, type, request, triggeredAt, completedAt, final } = decision;
    const bytes = this.#bytes.get(checkpoint) ?? 0;
    this.#bytes.delete(checkpoint);
    this.#options.onCompleted(checkpoint, completedAt - triggeredAt, bytes);
    const notify = (): Promise<void> =>
      type === "savepoint" ? Promise.resolve() : this.#options.notify(checkpoint);
    const settle = (): void => {
      if (request !== null) this.#take(request)?.resolve(checkpoint);
      if (final) this.#options.onFinished();
    };
    this.#notifications = this.#notifications.then(notify).then(settle, (error: unknown) => {
      if (request !== null) this.#take(request)?.reject(error);
      this.#options.fail(error);
    });
  }

  #onAbort(checkpoint: number, reason: string, request: string | null): void {
    this.#options.onAborted(checkpoint, reason);
    if (request !== null) this.#refuse(request, `checkpoint ${checkpoint} failed (${reason})`);
  }

  #refuse(request: string, reason: string): void {
    this.#take(request)?.reject(
      new JobError(reason, { code: "JOB_CHECKPOINT_FAILED", hint: "ask again", retryable: true }),
    );
  }

  #take(request: string): Request | undefined {
    const taken = this.#requests.get(request);
    this.#requests.delete(request);
    return taken;
  }

  #wakeAt(timestamp: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (timestamp === null) return;
    const delayMs = Math.min(Math.max(0, timestamp - this.#options.clock.now()), 2 ** 31 - 1);
    this.#timer = setTimeout(() => this.handle({ kind: "tick" }), delayMs);
  }
}
