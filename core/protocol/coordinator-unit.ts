import { AssertionError, assert } from "../assert.ts";
import type { SubtaskAcknowledgement } from "../checkpoint/assemble-operators.ts";
import type { CheckpointEvent } from "../checkpoint/checkpoint-event.ts";
import type { CheckpointCoordinator } from "../checkpoint/coordinator.ts";
import { toBytes } from "../record/index.ts";
import { MetricRegistry } from "../runtime/metric-registry.ts";
import type { AcknowledgementReader } from "./acknowledgement-reader.ts";
import { addressName } from "./address.ts";
import { broken } from "./canaries.ts";
import { CheckpointMetrics } from "./checkpoint-metrics.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { CompletedCheckpoints } from "./completed-checkpoints.ts";
import type { Control } from "./control.ts";
import type { CoordinatorPeers } from "./coordinator-peers.ts";
import {
  COORDINATOR_SECTION,
  type CoordinatorState,
  REQUESTS_SECTION,
  decodeCoordinatorState,
  decodeRequests,
} from "./coordinator-state.ts";
import { CoordinatorTurn } from "./coordinator-turn.ts";
import type { EnumeratorHost } from "./enumerator-host.ts";
import { Housekeeping } from "./housekeeping.ts";
import type { Inbox, InboxItem } from "./inbox.ts";
import { JobConductor } from "./job-conductor.ts";
import { JobEnding } from "./job-ending.ts";
import { PendingCuts, keptAcknowledgements } from "./pending-cuts.ts";
import { RequestLog } from "./request-log.ts";
import { type SectionChange, type Sections, sameBytes } from "./sections.ts";
import type { Unit, UnitResult, UnitTurn } from "./unit.ts";

export interface CoordinatorUnitOptions {
  readonly job: string;
  readonly peers: CoordinatorPeers;
  readonly store: CheckpointStore;
  readonly sections: Sections;
  /** A new one; it goes on from what `sections` hold. */
  readonly checkpoints: CheckpointCoordinator<SubtaskAcknowledgement>;
  readonly enumerators: readonly EnumeratorHost[];
  /** How long ledger entries are kept behind a completed cut. */
  readonly ledgerKeptMs: number;
  readonly acknowledgements: AcknowledgementReader;
  /** Cuts are acknowledged in sets. */
  readonly usesSets: boolean;
}

/**
 * The coordinator of a job: decides over checkpoints, hands out splits and ends the job, one turn at
 * a time.
 *
 *   CU1  everything it knows is in its sections at the end of a turn, so another container goes on
 *   CU2  of the same inbox the same comes, whoever made the turns before
 *   CU3  a section is in the result only if it changed: idle costs nothing (L8)
 *   CU4  acknowledgements count the same, whether each came as a message or all of them in a set; what
 *        a set says is read and counted within one turn
 */
export class CoordinatorUnit implements Unit {
  readonly metrics: MetricRegistry = new MetricRegistry();
  readonly #options: CoordinatorUnitOptions;
  readonly #checkpoints: CheckpointCoordinator<SubtaskAcknowledgement>;
  readonly #firstCheckpoint: number;
  readonly #cuts: PendingCuts;
  readonly #completed: CompletedCheckpoints;
  readonly #ending: JobEnding;
  readonly #requests: RequestLog;
  readonly #housekeeping: Housekeeping;
  readonly #conductor: JobConductor;

  constructor(options: CoordinatorUnitOptions) {
    const { sections, peers, checkpoints } = options;
    const state = decodeCoordinatorState(sections);
    this.#options = options;
    this.#checkpoints = checkpoints;
    this.#firstCheckpoint = state.firstCheckpoint;
    resumeCheckpoints(checkpoints, state, sections);
    this.#cuts = new PendingCuts(sections, checkpoints.pending);
    this.#completed = new CompletedCheckpoints(state.completed);
    this.#ending = new JobEnding(peers.tasks.length, state.ending);
    this.#requests = new RequestLog(decodeRequests(sections));
    const { ledgerKeptMs: keptMs, usesSets } = options;
    this.#housekeeping = new Housekeeping(
      { keptMs, peers: peers.count, usesSets },
      state.housekeeping,
    );
    this.#conductor = new JobConductor({
      ...options,
      cuts: this.#cuts,
      completed: this.#completed,
      ending: this.#ending,
      requests: this.#requests,
      housekeeping: this.#housekeeping,
      metrics: new CheckpointMetrics(this.metrics),
    });
  }

  get bytes(): number {
    return this.#options.sections.bytes * 3;
  }

  get pending(): boolean {
    return this.#options.enumerators.some(({ stirs }) => stirs);
  }

  carry(): null {
    return null;
  }

  async close(): Promise<void> {
    for (const host of this.#options.enumerators) await host.close();
  }

  async run(given: UnitTurn): Promise<UnitResult> {
    const { inbox, budget } = given;
    const turn = new CoordinatorTurn(given);
    this.#conductor.begin(turn);
    let took = false;
    for (let item = inbox.peek(); item !== null; item = inbox.peek()) {
      took = (await this.#take(item, inbox, turn)) || took;
      // Behind what had its effect before only the next item can say whether there is a witness.
      if (took && budget.exhausted()) break;
    }
    if (!took) return this.#result(turn, []);
    for (const host of this.#options.enumerators) await host.askAgain();
    this.#conductor.handOut(turn);
    return this.#result(turn, this.#changes());
  }

  /** False: the item had its effect before. */
  async #take(item: InboxItem, inbox: Inbox, turn: CoordinatorTurn): Promise<boolean> {
    if (item.kind === "command") {
      const { requestId, command } = item;
      const known = this.#requests.has(requestId);
      inbox.take(known);
      if (!known) await this.#conductor.command(requestId, command, turn);
      return !known;
    }
    if (item.kind === "acknowledged") {
      const { checkpoint } = item;
      const known =
        !this.#checkpoints.awaits(checkpoint) ||
        (broken("drop-acknowledged") && (await this.#isGone(checkpoint, turn)));
      inbox.take(known);
      if (!known) await this.#acknowledged(checkpoint, turn);
      return !known;
    }
    inbox.take();
    if (item.kind === "control") await this.#control(item.peer, item.control, turn);
    else if (item.kind === "wake") await this.#handle({ kind: "tick" }, turn);
    else if (item.kind === "start") await this.#start(turn);
    else throw new AssertionError(`a coordinator takes no ${item.kind}`);
    return true;
  }

  /** The set of a pending checkpoint is full (AS3). */
  async #acknowledged(checkpoint: number, turn: CoordinatorTurn): Promise<void> {
    const all = await this.#options.acknowledgements.read(checkpoint, turn.scope);
    if (all === null) {
      const detail = "acknowledgements in its set are gone";
      return this.#handle({ kind: "declined", checkpoint, reason: "io-exception", detail }, turn);
    }
    for (const { place, version, operators } of all) {
      await this.#acknowledge(place, { checkpoint, version, operators }, turn);
    }
  }

  /** Of the canary "drop-acknowledged", which acknowledges without a commit what AS5 gives up. */
  async #isGone(checkpoint: number, turn: CoordinatorTurn): Promise<boolean> {
    return (await this.#options.acknowledgements.read(checkpoint, turn.scope)) === null;
  }

  #acknowledge(
    peer: number,
    { checkpoint, version, operators }: Omit<Control & { readonly kind: "ack" }, "kind">,
    turn: CoordinatorTurn,
  ): Promise<void> {
    const from = this.#options.peers.address(peer);
    this.#housekeeping.acknowledged(checkpoint, peer, version);
    const snapshot = { subtask: from.subtask, operators: new Map(operators) };
    return this.#handle({ kind: "acknowledged", checkpoint, ...from, snapshot }, turn);
  }

  /** The generation runs: enumerators find their splits, and the interval begins to count. */
  async #start(turn: CoordinatorTurn): Promise<void> {
    for (const host of this.#options.enumerators) await host.open();
    await this.#handle({ kind: "start" }, turn);
  }

  async #control(peer: number, control: Control, turn: CoordinatorTurn): Promise<void> {
    const from = this.#options.peers.address(peer);
    const name = addressName(from);
    switch (control.kind) {
      case "active":
        return this.#handle({ kind: "active" }, turn);
      case "ack":
        if (broken("active-any")) await this.#handle({ kind: "active" }, turn);
        return this.#acknowledge(peer, control, turn);
      case "decline": {
        const { checkpoint, reason } = control;
        const detail = `${name}: ${reason}`;
        return this.#handle({ kind: "declined", checkpoint, reason: "declined", detail }, turn);
      }
      case "committed":
        if (broken("active-any")) await this.#handle({ kind: "active" }, turn);
        return this.#conductor.committed(name, control.checkpoint, turn);
      case "finished":
        return this.#conductor.finished(name, control.accumulators, turn);
      case "request-split":
        return this.#enumerator(from.vertex).request(from.subtask);
      case "repair":
        turn.effects.push({ kind: "repair", peer, behind: control.behind });
        return;
      case "continue":
        return;
      default:
        throw new AssertionError(`a coordinator takes no ${control.kind}`);
    }
  }

  #handle(event: CheckpointEvent<SubtaskAcknowledgement>, turn: CoordinatorTurn): Promise<void> {
    return this.#conductor.handle(event, turn);
  }

  #enumerator(uid: string): EnumeratorHost {
    const host = this.#options.enumerators.find((each) => each.uid === uid);
    assert(host !== undefined, `${uid}, which asks for a split, is a source`);
    return host;
  }

  #result({ effects, controls }: CoordinatorTurn, changes: readonly SectionChange[]): UnitResult {
    this.#options.sections.apply(changes);
    return {
      changes,
      effects,
      outputs: new Map(),
      controls,
      wakeUp: this.#checkpoints.wakeAt,
      keepsWake: false,
      pending: false,
      heldFrom: new Map(),
      active: false,
      cut: 0,
      files: null,
      objects: [],
    };
  }

  /** CU1, CU3. */
  #changes(): readonly SectionChange[] {
    const { sections, enumerators } = this.#options;
    const captured = this.#checkpoints.capture();
    const state: CoordinatorState = {
      firstCheckpoint: this.#firstCheckpoint,
      checkpoints: {
        ...captured,
        pending: captured.pending.map((each) => ({ ...each, acknowledgements: [] })),
      },
      completed: this.#completed.capture(),
      ending: this.#ending.capture(),
      housekeeping: this.#housekeeping.capture(),
    };
    const changes: SectionChange[] = [];
    const replace = (name: string, bytes: Uint8Array): void => {
      if (!sameBytes(bytes, sections.single(name))) changes.push({ name, mode: "replace", bytes });
    };
    replace(COORDINATOR_SECTION, toBytes(state));
    replace(REQUESTS_SECTION, toBytes(this.#requests.capture()));
    changes.push(...this.#cuts.changes(captured.pending.filter(({ expiries }) => expiries === 0)));
    for (const host of enumerators) {
      const change = host.change(this.#checkpoints.nextCheckpoint);
      if (change !== null) changes.push(change);
    }
    return changes;
  }
}

function resumeCheckpoints(
  checkpoints: CheckpointCoordinator<SubtaskAcknowledgement>,
  state: CoordinatorState,
  sections: Sections,
): void {
  const captured = state.checkpoints;
  if (captured === null) return;
  const pending = captured.pending.map((each) => ({
    ...each,
    acknowledgements: keptAcknowledgements(sections, each.checkpoint),
  }));
  checkpoints.resume({ ...captured, pending });
}
