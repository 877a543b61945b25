import { assert, assertNever } from "../assert.ts";
import type {
  AbortReason,
  CheckpointDecision,
  CheckpointEvent,
  CheckpointKind,
} from "./checkpoint-event.ts";
import { CheckpointSchedule } from "./checkpoint-schedule.ts";
import type {
  CapturedCoordinator,
  CoordinatorOptions,
  CoordinatorSettings,
  ManualRequest,
} from "./coordinator-options.ts";
import { FailureCounter } from "./failure-counter.ts";
import { PendingCheckpoint, subtaskName } from "./pending-checkpoint.ts";

/** Timeouts for which an expired checkpoint keeps its slot. */
const EXPIRIES_MAX = 10;

/**
 * Decides when checkpoints start, complete and fail: events in, decisions out. It has no clock and
 * no I/O; a host sends each event with the time and carries out the decisions in their order.
 *
 *   CC1  numbers strictly grow, over savepoints, attempts and restarts
 *   CC2  a checkpoint is stored only when all subtasks acknowledged, and completes only when stored
 *   CC3  stores run one after the other, in ascending order
 *   CC4  completing checkpoint n aborts pending checkpoints < n, never savepoints
 *   CC5  at most `maxConcurrent` are pending when a checkpoint starts; savepoints do not ask
 *   CC6  a periodic checkpoint starts only when something was active since the last one (L8)
 *   CC7  what comes for a checkpoint that is not pending (late, twice, of another attempt) is ignored
 *   CC8  a savepoint leaves no trace in the job: no notification, no retention, and activity stays
 *   CC9  while it is suspended nothing starts but savepoints
 *   CC10 one that expires is given up, but keeps its slot until its barriers have been everywhere:
 *        under pressure they would pile up in front of the data. While they take longer still, each
 *        further timeout counts as a failure, as that of the checkpoint which did not start; after
 *        `EXPIRIES_MAX` of them the next one starts all the same: if a barrier was lost, only what
 *        comes behind it shows that
 */
export class CheckpointCoordinator<S> {
  readonly #settings: CoordinatorSettings;
  readonly #subtasks: readonly string[];
  readonly #failures: FailureCounter;
  readonly #schedule: CheckpointSchedule;
  /** Ascending, because numbers grow. */
  readonly #pending = new Map<number, PendingCheckpoint<S>>();
  readonly #requests: ManualRequest[] = [];
  #decisions: CheckpointDecision<S>[] = [];
  #next: number;
  #phase: CapturedCoordinator<S>["phase"] = "new";
  #suspended = false;
  #wakeAt: number | null = null;

  constructor(options: CoordinatorOptions) {
    assert(options.subtasks.length > 0, "CC2: a job has at least one subtask");
    this.#settings = options.settings;
    this.#subtasks = options.subtasks.map(({ vertex, subtask }) => subtaskName(vertex, subtask));
    this.#failures = new FailureCounter(options.settings.tolerableFailures);
    this.#schedule = new CheckpointSchedule(options.settings);
    this.#next = options.firstCheckpoint;
  }

  /** The number of the next checkpoint; `firstCheckpoint` of the next attempt (CC1). */
  get nextCheckpoint(): number {
    return this.#next;
  }

  /** Numbers that are triggered and neither complete nor aborted, ascending. */
  get pending(): readonly number[] {
    return [...this.#pending.values()]
      .filter(({ expired }) => !expired)
      .map(({ checkpoint }) => checkpoint);
  }

  /** Whether an acknowledgement of a checkpoint still says something: it is pending, or CC10 keeps it. */
  awaits(checkpoint: number): boolean {
    return this.#pending.has(checkpoint);
  }

  /** The time of the last `wake-at`; null: nothing is armed. */
  get wakeAt(): number | null {
    return this.#wakeAt;
  }

  capture(): CapturedCoordinator<S> {
    return {
      phase: this.#phase,
      suspended: this.#suspended,
      next: this.#next,
      wakeAt: this.#wakeAt,
      schedule: this.#schedule.capture(),
      failures: this.#failures.capture(),
      pending: Array.from(this.#pending.values(), (pending) => pending.capture()),
      requests: [...this.#requests],
    };
  }

  /** Goes on where another one was captured; only a new one can. */
  resume(captured: CapturedCoordinator<S>): void {
    assert(this.#phase === "new" && this.#pending.size === 0, "a new coordinator resumes");
    this.#phase = captured.phase;
    this.#suspended = captured.suspended;
    this.#next = captured.next;
    this.#wakeAt = captured.wakeAt;
    this.#schedule.resume(captured.schedule);
    this.#failures.resume(captured.failures);
    for (const pending of captured.pending) {
      this.#pending.set(pending.checkpoint, PendingCheckpoint.resume(pending));
    }
    this.#requests.push(...captured.requests);
  }

  /** Takes in an event at `nowMs` (milliseconds since the epoch). */
  handle(event: CheckpointEvent<S>, nowMs: number): readonly CheckpointDecision<S>[] {
    if (event.kind === "active" && this.#schedule.active) return NOTHING;
    if (this.#phase === "stopped") return this.#refuse(event);
    this.#apply(event, nowMs);
    if (this.#phase === "running") this.#proceed(nowMs);
    const decisions = this.#decisions;
    this.#decisions = [];
    return decisions;
  }

  #refuse(event: CheckpointEvent<S>): readonly CheckpointDecision<S>[] {
    if (event.kind !== "request") return NOTHING;
    return [{ kind: "reject", request: event.request, reason: "stopped" }];
  }

  #apply(event: CheckpointEvent<S>, now: number): void {
    switch (event.kind) {
      case "start":
        assert(this.#phase === "new", "a coordinator starts once");
        this.#phase = "running";
        return this.#schedule.onStart(now);
      case "active":
        return this.#schedule.onActive();
      case "tick":
        this.#wakeAt = null;
        return;
      case "request":
        this.#requests.push({ request: event.request, type: event.type });
        return;
      case "acknowledged":
        return this.#acknowledge(event);
      case "declined":
        return this.#decline(event.checkpoint, event.reason, event.detail);
      case "stored":
        return this.#complete(event.checkpoint, now);
      case "store-failed":
        return this.#storeFailed(event.checkpoint, event.detail);
      case "suspend":
        this.#suspended = true;
        return;
      case "continue":
        this.#suspended = false;
        return;
      case "finish":
        return this.#schedule.onFinish(now);
      case "stop":
        return this.#stop();
      default:
        return assertNever(event);
    }
  }

  #acknowledge(event: CheckpointEvent<S> & { readonly kind: "acknowledged" }): void {
    const { vertex, subtask, snapshot } = event;
    const name = subtaskName(vertex, subtask);
    assert(this.#subtasks.includes(name), `CC2: ${name} is a subtask of the job`);
    const pending = this.#pending.get(event.checkpoint);
    pending?.acknowledge({ vertex, subtask, snapshot });
    if (pending?.expired === true && pending.acknowledged) this.#pending.delete(event.checkpoint);
  }

  #decline(checkpoint: number, reason: AbortReason, detail: string): void {
    const pending = this.#pending.get(checkpoint);
    if (pending === undefined || pending.storing) return;
    if (pending.expired) this.#pending.delete(checkpoint);
    else this.#fail(pending, reason, detail);
  }

  #storeFailed(checkpoint: number, detail: string): void {
    const pending = this.#pending.get(checkpoint);
    if (pending === undefined || pending.expired) return;
    assert(pending.storing, `CC2: checkpoint ${checkpoint} was to be stored`);
    this.#fail(pending, "finalize-failure", detail);
  }

  #complete(checkpoint: number, now: number): void {
    const pending = this.#pending.get(checkpoint);
    if (pending === undefined || pending.expired) return;
    assert(pending.storing, `CC2: checkpoint ${checkpoint} was to be stored`);
    this.#pending.delete(checkpoint);
    this.#failures.success(checkpoint);
    const { type, request, triggeredAt, final } = pending;
    this.#schedule.onComplete(type, final, now);
    this.#arrived(checkpoint);
    if (type === "checkpoint") this.#subsume(checkpoint);
    this.#decisions.push({
      kind: "completed",
      checkpoint,
      type,
      request,
      triggeredAt,
      completedAt: now,
      final,
    });
    if (type === "savepoint") return;
    this.#decisions.push({ kind: "notify-complete", checkpoint });
    this.#decisions.push({ kind: "retain", count: this.#settings.retained });
  }

  /** Behind the barriers of a completed one are those of all that were before it (CC10). */
  #arrived(completed: number): void {
    for (const { checkpoint, expired } of this.#pending.values()) {
      if (expired && checkpoint < completed) this.#pending.delete(checkpoint);
    }
  }

  /** CC4. One that is being stored is never older, because stores run in order (CC3). */
  #subsume(completed: number): void {
    for (const pending of this.#pending.values()) {
      if (pending.checkpoint > completed || pending.type === "savepoint") continue;
      assert(!pending.storing, `CC3: ${pending.checkpoint} is stored beside ${completed}`);
      this.#abort(pending, "subsumed", `checkpoint ${completed} is complete`);
    }
  }

  #stop(): void {
    this.#phase = "stopped";
    for (const pending of this.#pending.values()) {
      if (!pending.expired) this.#abort(pending, "stopped", "the attempt ended");
    }
    this.#pending.clear();
    for (const { request } of this.#requests.splice(0)) {
      this.#decisions.push({ kind: "reject", request, reason: "stopped" });
    }
    this.#wake(null);
  }

  #fail(pending: PendingCheckpoint<S>, reason: AbortReason, detail: string): void {
    this.#abort(pending, reason, detail);
    this.#countFailure(pending, reason, detail);
  }

  #countFailure(pending: PendingCheckpoint<S>, reason: AbortReason, detail: string): void {
    const { checkpoint, type } = pending;
    if (this.#failures.failure(checkpoint, type, reason)) {
      const { tolerableFailures } = this.#settings;
      const message = `checkpoint ${checkpoint} failed (${reason}: ${detail}); failures in a row that are tolerable: ${tolerableFailures}`;
      this.#decisions.push({ kind: "fail-job", checkpoint, message });
    }
  }

  #abort(pending: PendingCheckpoint<S>, reason: AbortReason, detail: string): void {
    const { checkpoint, type, request } = pending;
    if (reason !== "expired") this.#pending.delete(checkpoint); // CC10
    if (type === "checkpoint") this.#schedule.onAbort(pending.final);
    this.#decisions.push({ kind: "abort", checkpoint, type, reason, detail, request });
  }

  /** Everything that has become possible or due. */
  #proceed(now: number): void {
    this.#expire(now);
    this.#store();
    this.#triggerRequests(now);
    if (this.#periodicDue() <= now) this.#trigger("checkpoint", null, now);
    this.#wake(this.#earliest());
  }

  #expire(now: number): void {
    for (const pending of this.#pending.values()) {
      if (pending.acknowledged || this.#expiresAt(pending) > now) continue;
      const { expired, triggeredAt } = pending;
      const detail = `no answer in ${now - triggeredAt} ms from ${pending.missing()}`;
      while (this.#expiresAt(pending) <= now) pending.expire();
      if (expired) this.#countFailure(pending, "expired", detail);
      else this.#fail(pending, "expired", detail);
      if (pending.expiries > EXPIRIES_MAX) this.#pending.delete(pending.checkpoint);
    }
  }

  /** When its time is over next (CC10). */
  #expiresAt({ triggeredAt, expiries }: PendingCheckpoint<S>): number {
    return triggeredAt + (expiries + 1) * this.#settings.timeoutMs;
  }

  /** CC3: the oldest of those that wait, unless one is under way. */
  #store(): void {
    let ready: PendingCheckpoint<S> | null = null;
    for (const pending of this.#pending.values()) {
      if (pending.storing) return;
      if (ready === null && pending.acknowledged) ready = pending;
    }
    if (ready === null) return;
    ready.storing = true;
    const { checkpoint, type, triggeredAt, acknowledgements } = ready;
    this.#decisions.push({ kind: "store", checkpoint, type, triggeredAt, acknowledgements });
  }

  /** Savepoints first and at once, then checkpoints as slots are free (CC5). */
  #triggerRequests(now: number): void {
    const waiting = this.#requests.splice(0);
    for (const { request, type } of waiting) {
      if (type === "savepoint") this.#trigger(type, request, now);
    }
    for (const manual of waiting) {
      if (manual.type === "savepoint") continue;
      if (this.#slotFree) this.#trigger(manual.type, manual.request, now);
      else this.#requests.push(manual);
    }
  }

  #trigger(type: CheckpointKind, request: string | null, now: number): void {
    const checkpoint = this.#next;
    this.#next += 1;
    const final = type === "checkpoint" && this.#schedule.final;
    if (type === "checkpoint") this.#schedule.onTrigger(request !== null, now);
    const subtasks = this.#subtasks;
    const options = { checkpoint, type, request, final, triggeredAt: now, subtasks };
    this.#pending.set(checkpoint, new PendingCheckpoint<S>(options));
    this.#decisions.push({ kind: "trigger", checkpoint, type, request });
  }

  /** A checkpoint may start (CC5, CC9). */
  get #slotFree(): boolean {
    return !this.#suspended && this.#pending.size < this.#settings.maxConcurrent;
  }

  #periodicDue(): number {
    return this.#slotFree ? this.#schedule.due() : Infinity;
  }

  #earliest(): number | null {
    let earliest = this.#periodicDue();
    for (const pending of this.#pending.values()) {
      if (!pending.acknowledged) earliest = Math.min(earliest, this.#expiresAt(pending));
    }
    return earliest === Infinity ? null : earliest;
  }

  #wake(timestamp: number | null): void {
    if (timestamp === this.#wakeAt) return;
    this.#wakeAt = timestamp;
    this.#decisions.push({ kind: "wake-at", timestamp });
  }
}

const NOTHING: readonly never[] = Object.freeze([]);
