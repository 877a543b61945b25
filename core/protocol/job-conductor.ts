import { AssertionError, assert, assertNever } from "../assert.ts";
import type { SubtaskAcknowledgement } from "../checkpoint/assemble-operators.ts";
import type { CheckpointDecision, CheckpointEvent } from "../checkpoint/checkpoint-event.ts";
import type { CheckpointCoordinator } from "../checkpoint/coordinator.ts";
import { broken } from "./canaries.ts";
import type { CheckpointMetrics } from "./checkpoint-metrics.ts";
import type { CheckpointStore, StoredCheckpoint } from "./checkpoint-store.ts";
import type { CompletedCheckpoints } from "./completed-checkpoints.ts";
import type { Command, FromCoordinator } from "./control.ts";
import type { CoordinatorPeers } from "./coordinator-peers.ts";
import type { Addressed, CoordinatorTurn } from "./coordinator-turn.ts";
import type { EnumeratorHost } from "./enumerator-host.ts";
import type { Housekeeping } from "./housekeeping.ts";
import type { JobEnding } from "./job-ending.ts";
import type { PendingCuts } from "./pending-cuts.ts";
import type { RequestLog } from "./request-log.ts";

type Event = CheckpointEvent<SubtaskAcknowledgement>;
type Decision = CheckpointDecision<SubtaskAcknowledgement>;
type DecisionOf<K extends Decision["kind"]> = Extract<Decision, { readonly kind: K }>;

export interface JobConductorOptions {
  readonly job: string;
  readonly peers: CoordinatorPeers;
  readonly store: CheckpointStore;
  readonly enumerators: readonly EnumeratorHost[];
  readonly checkpoints: CheckpointCoordinator<SubtaskAcknowledgement>;
  readonly cuts: PendingCuts;
  readonly completed: CompletedCheckpoints;
  readonly housekeeping: Housekeeping;
  readonly ending: JobEnding;
  readonly requests: RequestLog;
  readonly metrics: CheckpointMetrics;
}

/**
 * Carries out what the checkpoint coordinator decides, and brings the job to its end. Whatever it
 * says to tasks is a control of the turn's outbox (H24).
 *
 *   CN1  `_metadata` is written before the entry that completes its checkpoint
 *   CN2  splits that were handed out before a trigger stand before it in the reader's message, and
 *        are no part of the enumerator's state in that checkpoint
 *   CN3  from a stop to its failure no checkpoint starts: what sinks published then would come
 *        again after a restore from the stop's savepoint
 *   CN4  when the job is over nothing is decided any more, so nothing is armed
 */
export class JobConductor {
  readonly #options: JobConductorOptions;
  readonly #checkpoints: CheckpointCoordinator<SubtaskAcknowledgement>;
  readonly #ending: JobEnding;
  readonly #requests: RequestLog;
  /** Stored in this turn, and not complete yet. */
  #stored: StoredCheckpoint | null = null;
  /** What the canary "notify-outside" keeps for another turn, if there is one. */
  #outside: Addressed[] = [];

  constructor(options: JobConductorOptions) {
    this.#options = options;
    this.#checkpoints = options.checkpoints;
    this.#ending = options.ending;
    this.#requests = options.requests;
  }

  /** Before anything is taken in. */
  begin(turn: CoordinatorTurn): void {
    turn.controls.push(...this.#outside.splice(0));
  }

  /** Decisions are carried out in their order; what follows from them comes behind them. */
  async handle(event: Event, turn: CoordinatorTurn): Promise<void> {
    const decisions = [...this.#checkpoints.handle(event, turn.now)];
    for (let next = decisions.shift(); next !== undefined; next = decisions.shift()) {
      for (const answer of await this.#carryOut(next, turn)) {
        decisions.push(...this.#checkpoints.handle(answer, turn.now));
      }
    }
  }

  /** A command whose request id is not known yet. */
  async command(requestId: string, command: Command, turn: CoordinatorTurn): Promise<void> {
    this.#requests.add(requestId, command.kind);
    const refusal = this.#ending.refuses(command);
    if (refusal !== null) return this.#requests.refused(requestId, refusal);
    if (command.kind !== "stop") {
      return this.handle({ kind: "request", request: requestId, type: command.kind }, turn);
    }
    const { ending } = this.#ending;
    if (ending.kind === "stopping") {
      if (ending.checkpoint !== null) this.#requests.stopTriggered(ending.checkpoint);
      return;
    }
    this.#ending.stop(command.drain);
    await this.handle({ kind: "suspend" }, turn); // CN3
    await this.handle({ kind: "request", request: requestId, type: "savepoint" }, turn);
  }

  /** A subtask has published everything up to `checkpoint`. */
  async committed(name: string, checkpoint: number, turn: CoordinatorTurn): Promise<void> {
    this.#ending.committed(name, checkpoint);
    for (const event of this.#endIfCommitted(turn)) await this.handle(event, turn);
  }

  /** A subtask has seen the end of its input. */
  async finished(
    name: string,
    accumulators: readonly (readonly [string, number])[],
    turn: CoordinatorTurn,
  ): Promise<void> {
    this.#ending.subtaskFinished(name, accumulators);
    for (const event of this.#finishIfEnded()) await this.handle(event, turn);
  }

  /** Sends on what the enumerators have for readers. */
  handOut(turn: CoordinatorTurn): void {
    const { enumerators, peers } = this.#options;
    for (const host of enumerators) {
      for (const { subtask, control } of host.takeHandedOut()) {
        turn.send(peers.place({ vertex: host.uid, subtask }), control);
      }
    }
  }

  async #carryOut(decision: Decision, turn: CoordinatorTurn): Promise<readonly Event[]> {
    switch (decision.kind) {
      case "trigger":
        this.#trigger(decision, turn);
        return [];
      case "abort":
        return this.#abort(decision, turn);
      case "reject":
        this.#requests.refused(decision.request, "the job has ended");
        return [];
      case "store":
        return [await this.#store(decision, turn)];
      case "completed":
        return this.#complete(decision, turn);
      case "retain":
        this.#options.completed.retain(decision.count);
        this.#release(turn);
        return [];
      case "notify-complete":
      case "wake-at":
        // The first is part of `completed`, which knows the answers to wait for; the second is how
        // the turn ends.
        return [];
      case "fail-job":
        turn.effects.push({ kind: "job", phase: "failed", detail: decision.message });
        return [];
      default:
        return assertNever(decision);
    }
  }

  #trigger({ checkpoint, type, request }: DecisionOf<"trigger">, turn: CoordinatorTurn): void {
    const { enumerators, cuts } = this.#options;
    const states = enumerators.map((host) => [host.uid, host.snapshot(checkpoint)] as const);
    this.handOut(turn); // CN2
    cuts.begin(checkpoint, states);
    if (request !== null) this.#requests.triggered(request, checkpoint);
    const then = this.#thenOf(request);
    if (then !== "go-on") {
      this.#ending.stopTriggered(checkpoint);
      this.#requests.stopTriggered(checkpoint);
    }
    const savepoint = type === "savepoint";
    // oxlint-disable-next-line unicorn/no-thenable -- never awaited: a value that becomes bytes
    this.#toSources({ kind: "trigger", checkpoint, savepoint, then }, turn);
  }

  #thenOf(request: string | null): "go-on" | "stop" | "drain" {
    const { ending } = this.#ending;
    if (request === null || !this.#requests.isStop(request)) return "go-on";
    assert(ending.kind === "stopping", `request ${request} stops the job`);
    return ending.drain ? "drain" : "stop";
  }

  #abort(decision: DecisionOf<"abort">, turn: CoordinatorTurn): readonly Event[] {
    const { checkpoint, type, reason, detail } = decision;
    const { cuts, completed, housekeeping, store, metrics } = this.#options;
    metrics.failed();
    cuts.end(checkpoint);
    housekeeping.aborted(checkpoint);
    if (type === "savepoint") completed.release(`${store.savepointFolder(checkpoint)}/`);
    this.#requests.failed(checkpoint, `${reason}: ${detail}`);
    const { ending } = this.#ending;
    if (ending.kind !== "stopping" || ending.checkpoint !== checkpoint) return [];
    this.#ending.stopFailed();
    for (const task of this.#options.peers.tasks) {
      turn.send(this.#options.peers.place(task), { kind: "resume", checkpoint });
    }
    return [{ kind: "continue" }, ...this.#finishIfEnded()];
  }

  /** CN1. What cannot be written is a failed checkpoint, unless the turn itself is dead. */
  async #store(decision: DecisionOf<"store">, turn: CoordinatorTurn): Promise<Event> {
    const { checkpoint, type, triggeredAt, acknowledgements } = decision;
    const coordinators = this.#options.cuts.coordinators(checkpoint);
    const times = { triggeredAt, completedAt: turn.now };
    const acknowledged = { checkpoint, type, ...times, acknowledgements, coordinators };
    try {
      this.#stored = await this.#options.store.store(acknowledged, turn.commitId);
      return { kind: "stored", checkpoint };
    } catch (error) {
      if (error instanceof AssertionError || !turn.scope.isLive()) throw error;
      const detail = error instanceof Error ? error.message : String(error);
      return { kind: "store-failed", checkpoint, detail };
    }
  }

  #complete(decision: DecisionOf<"completed">, turn: CoordinatorTurn): readonly Event[] {
    const { checkpoint, type, final } = decision;
    const stored = this.#stored;
    assert(stored?.checkpoint === checkpoint, `CN1: checkpoint ${checkpoint} was stored`);
    this.#stored = null;
    const { completed, cuts, peers, housekeeping, metrics } = this.#options;
    metrics.completed(decision.completedAt - decision.triggeredAt);
    cuts.end(checkpoint);
    turn.effects.push(...housekeeping.dropSets(checkpoint));
    const { kind, metadataKey, folder, publicKey } = stored;
    if (publicKey !== metadataKey) {
      turn.effects.push({ kind: "savepoint", key: publicKey, from: metadataKey });
    }
    const phase = this.#ending.endsWith(checkpoint, final);
    if (type === "checkpoint" || phase !== null) {
      completed.complete({ checkpoint, kind, metadataKey });
      this.#notify(checkpoint, phase !== null, turn);
      const { oldest } = completed;
      turn.effects.push(...housekeeping.completed(checkpoint, turn.version, oldest, turn.now));
    }
    if (phase !== "stopped") this.#requests.done(checkpoint, folder);
    if (phase === null) return [];
    const unheard = phase === "stopped" && broken("stop-without-commit");
    this.#ending.close(phase, checkpoint, unheard ? [] : peers.publishers);
    return this.#endIfCommitted(turn);
  }

  /** P7: sinks publish, sources confirm. */
  #notify(checkpoint: number, last: boolean, turn: CoordinatorTurn): void {
    for (const { to, publishes } of this.#options.peers.listeners) {
      const control = { kind: "notify", checkpoint, answer: last && publishes } as const;
      if (broken("notify-outside")) this.#outside.push({ to, control });
      else turn.send(to, control);
    }
  }

  #toSources(control: FromCoordinator, turn: CoordinatorTurn): void {
    for (const to of this.#options.peers.sources) turn.send(to, control);
  }

  /** What nothing names any more. */
  #release(turn: CoordinatorTurn): void {
    const keys = this.#options.completed.takeReleased();
    if (keys.length > 0) turn.effects.push({ kind: "release", keys });
  }

  #finishIfEnded(): readonly Event[] {
    return this.#ending.finish() ? [{ kind: "finish" }] : [];
  }

  #endIfCommitted(turn: CoordinatorTurn): readonly Event[] {
    const over = this.#ending.end();
    if (over === null) return [];
    const { phase, checkpoint } = over;
    const { completed, store } = this.#options;
    if (phase === "stopped") this.#requests.done(checkpoint, store.savepointFolder(checkpoint));
    const { accumulators } = this.#ending;
    const metadataKey = completed.latest?.metadataKey ?? null;
    turn.effects.push({ kind: "job", phase, detail: { accumulators, checkpoint, metadataKey } });
    return [{ kind: "stop" }]; // CN4
  }
}
