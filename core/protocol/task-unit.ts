import { assert, assertNever } from "../assert.ts";
import type { SubtaskState } from "../checkpoint/snapshot.ts";
import { limits } from "../limits.ts";
import { ByteWriter, toBytes } from "../record/index.ts";
import { encodeElement } from "../record/element-codec.ts";
import type { InputGate } from "../runtime/input-gate.ts";
import type { StreamTask } from "../runtime/stream-task.ts";
import type { Emission } from "../runtime/task-output.ts";
import { type Delivery, type TurnInput, type TurnResult, noInput } from "../runtime/turn.ts";
import {
  ACKNOWLEDGEMENT_SECTION,
  encodeAcknowledgement,
  memberOf,
} from "./acknowledgement-set.ts";
import { type Address, addressName } from "./address.ts";
import { broken } from "./canaries.ts";
import type { Control, FromCoordinator } from "./control.ts";
import { HELD_SECTION, type HeldElement, HeldInput } from "./held-input.ts";
import type { Inbox } from "./inbox.ts";
import type { JobTopology, Peers } from "./job-topology.ts";
import { KeyedFiles, type KeyedSnapshot } from "./keyed-files.ts";
import { BodyWriter, readElement } from "./message.ts";
import { savepointFolderOf } from "./object-keys.ts";
import type { Effect } from "./outbox.ts";
import { type SectionChange, type Sections, clearSection, sameBytes } from "./sections.ts";
import { StagedOutput } from "./staged-output.ts";
import type { SinkOutputs } from "./sink-outputs.ts";
import { TaskMemory } from "./task-memory.ts";
import type { Budget } from "../time/index.ts";
import type { Unit, UnitResult, UnitTurn } from "./unit.ts";

export const PROGRESS_SECTION = "progress";
export const HELD_BACK_SECTION = "held-back";
export const MEMORY_SECTION = "task";

/** The section with an operator's list, union and broadcast state. */
export function operatorSection(uid: string): string {
  return `operator:${uid}`;
}

/** A source that reads in the background without `pending` is looked at this often. */
const LOOK_AGAIN_MS = 1_000;
/** Place of the coordinator in every list of peers. */
const COORDINATOR_PEER = 0;

export interface TaskUnitOptions {
  readonly topology: JobTopology;
  readonly address: Address;
  readonly runId: string;
  readonly generation: number;
  readonly task: StreamTask;
  readonly memory: TaskMemory;
  readonly version: number;
  readonly sections: Sections;
  readonly keyed: KeyedFiles;
  readonly outputs: SinkOutputs;
  /** By uid: the revision of the operator's state that is committed. */
  readonly revisions: ReadonlyMap<string, number>;
  /** What the task's environment reports of work in the background. */
  readonly failure: { error: unknown };
  /** A source is polled until it has emitted so many records in a turn, or was polled so often. */
  readonly recordsMax: number;
  readonly pollsMax: number;
  /** How cuts are acknowledged in a set; null: by messages. */
  readonly acknowledging: Acknowledging | null;
}

/** A subtask among those that add their cuts to a set. */
export interface Acknowledging {
  /** Its own, in the coordinator's list of peers. */
  readonly place: number;
  /** How many subtasks a full set has. */
  readonly count: number;
}

/**
 * A task between its messages and its ledger: one turn of the engine's `StreamTask`, with everything
 * it must not lose.
 *
 *   TU1  a turn ends at a cut, so that the state at the cut is the state at a version
 *   TU2  without credit nothing is made: no timer fires, nothing held is released, no source is
 *        polled, no overdue output leaves (P11.3)
 *   TU3  the snapshot of a cut has no held-back output (I-HBCUT) and no held-back input (I-CUT)
 *   TU4  behind the cut of a stop nothing happens by itself: no timer fires, no source is polled,
 *        until the stop has failed; a restore from its savepoint does it
 *   TU5  a source forwards every trigger, also when it has ended or is stopped (P7)
 *   TU6  a cut is acknowledged once: by a control of its turn, or by the section "ack" of its entry
 *        and an effect that tells of the entry (AS1)
 */
export class TaskUnit implements Unit {
  readonly #options: TaskUnitOptions;
  readonly #task: StreamTask;
  readonly #peers: Peers;
  readonly #memory: TaskMemory;
  readonly #held: HeldInput;
  readonly #staged: StagedOutput;
  readonly #revisions: Map<string, number>;
  readonly #channels = new Map<string, number>();
  #version: number;
  #entriesSinceBase: number;
  /** The element that was delivered last, if it came from the held ones. */
  #lastHeld: HeldElement | null = null;
  #inbox: Inbox | null = null;
  #turn: TurnWork | null = null;

  constructor(options: TaskUnitOptions, entriesSinceBase: number) {
    this.#options = options;
    this.#task = options.task;
    this.#memory = options.memory;
    this.#version = options.version;
    this.#entriesSinceBase = entriesSinceBase;
    this.#peers = options.topology.peers(options.address);
    this.#held = new HeldInput(options.sections.single(HELD_SECTION));
    this.#staged = new StagedOutput(
      options.task.stagingSinks(),
      options.outputs,
      options.address,
      options.sections,
    );
    this.#revisions = new Map(options.revisions);
    const { jobGraph } = options.topology.program.plan;
    this.#task.inputs.forEach(({ edge, from }, channel) => {
      const vertex = jobGraph.edges[edge]?.fromVertex ?? "";
      this.#channels.set(`${edge}/${addressName({ vertex, subtask: from })}`, channel);
    });
  }

  get bytes(): number {
    return this.#options.sections.bytes * 3;
  }

  get pending(): boolean {
    const { gate, source } = this.#task;
    if (source !== null) {
      return this.#memory.more && !this.#memory.stopped && !this.#task.ended;
    }
    if (this.#memory.stopped) return false;
    if (this.#task.advancing) return true;
    return gate !== null && this.#held.releasable(gate);
  }

  async close(): Promise<void> {
    await this.#task.close();
  }

  async run(turn: UnitTurn): Promise<UnitResult> {
    const work = new TurnWork();
    this.#inbox = turn.inbox;
    this.#turn = work;
    if (this.#task.source === null) this.#runGate(turn, work);
    else await this.#runSource(turn, work);
    this.#throwFailure();
    return this.#finish(turn, work);
  }

  #runGate(turn: UnitTurn, work: TurnWork): void {
    const input: TurnInput = {
      next: (gate, barriersOnly) => this.#next(gate, barriersOnly, turn.credit),
    };
    do {
      work.resumed = false;
      const works = (turn.credit || broken("pending-free")) && !this.#memory.stopped;
      const result = this.#task.runTurn(input, turn.budget, works);
      this.#take(result, work, works);
      this.#keepRemainder(turn.inbox);
      if (result.firedByClock && !broken("active-sources-only")) work.active = true;
      if (result.cut !== null || turn.budget.exhausted()) break;
    } while (turn.credit && (this.pending || work.resumed));
  }

  /** What the budget left of a batch stays where it came from. */
  #keepRemainder(inbox: Inbox): void {
    const record = this.#task.takeRemainder();
    if (record === null) return;
    if (this.#lastHeld === null) inbox.leave(record);
    else this.#held.putBack(this.#lastHeld, record);
  }

  /** The next element that the gate does not hold back; controls take effect on the way. */
  #next(gate: InputGate, barriersOnly: boolean, credit: boolean): Delivery | null {
    const inbox = this.#inbox as Inbox;
    if (credit && !barriersOnly && !this.#memory.stopped) {
      const held = this.#held.take(gate);
      if (held !== null) {
        this.#lastHeld = held;
        return { channel: held.channel, element: readElement(held.bytes), from: held.from };
      }
    }
    for (;;) {
      const item = inbox.peek();
      if (item === null) return null;
      if (item.kind !== "element") {
        inbox.take();
        if (item.kind === "control") this.#control(item.peer, item.control);
        else this.#signal(item.kind);
        continue;
      }
      const { peer, edge, bytes } = item;
      const channel = this.#channelOf(peer, edge);
      const blocked = gate.isBlocked(channel) && !broken("no-hold");
      if (blocked || this.#held.has(channel)) {
        inbox.take();
        this.#held.push({
          peer,
          sequence: item.sequence,
          edge,
          channel,
          bytes,
          from: item.from,
        });
        continue;
      }
      const element = readElement(bytes);
      if (barriersOnly && element.kind !== "barrier") return null;
      inbox.take();
      this.#lastHeld = null;
      return { channel, element, from: item.from };
    }
  }

  #channelOf(peer: number, edge: number): number {
    const address = this.#peers.addresses[peer];
    const channel =
      address === undefined ? undefined : this.#channels.get(`${edge}/${addressName(address)}`);
    assert(channel !== undefined, `edge ${edge} from peer ${peer} is a channel of the task`);
    return channel;
  }

  async #runSource(turn: UnitTurn, work: TurnWork): Promise<void> {
    const { inbox } = turn;
    for (let item = inbox.peek(); item !== null; item = inbox.peek()) {
      inbox.take();
      assert(item.kind !== "element", "a source has no input channels");
      if (item.kind === "control") this.#control(item.peer, item.control);
      else this.#signal(item.kind);
      if (work.trigger !== null) inbox.stop();
    }
    for (const checkpoint of work.notified) {
      await this.#task.source?.notifyCheckpointComplete(checkpoint);
    }
    if (work.trigger === null) {
      if (turn.credit || broken("pending-free")) await this.#poll(turn, work);
      return;
    }
    const { checkpoint, savepoint, then } = work.trigger;
    if (then === "drain" && !this.#task.ended) {
      this.#task.drain();
      work.active = true;
    }
    this.#task.triggerCheckpoint({
      kind: "barrier",
      checkpoint,
      ...(savepoint ? { savepoint: true } : {}),
      ...(then === "go-on" ? {} : { stop: true }),
    });
    work.cut = checkpoint;
  }

  async #poll(turn: UnitTurn, work: TurnWork): Promise<void> {
    const { source } = this.#task;
    assert(source !== null, "only a source is polled");
    if (this.#memory.stopped || this.#task.ended) return;
    const { pollsMax, recordsMax } = this.#options;
    const before = source.records;
    let polls = 0;
    const isFull = (): boolean =>
      polls >= pollsMax || source.records - before >= recordsMax || turn.budget.exhausted();
    const budget: Budget = {
      exhausted: () => {
        polls += 1;
        return isFull();
      },
    };
    for (;;) {
      const result = this.#task.runTurn(noInput, budget);
      this.#take(result, work, true);
      if (result.recordsIn > 0 || this.#task.ended) work.active = true;
      this.#memory.more = result.more;
      if (this.#task.ended) return;
      const pending = result.more ? null : source.pending();
      if (!result.more && pending === null) break;
      if (isFull()) {
        // What is read in the background is asked for again, by a continue.
        this.#memory.more = true;
        return;
      }
      if (result.more) continue;
      await pending;
      this.#throwFailure();
      if (!turn.scope.isLive()) return;
    }
    if (work.wakeUp !== null || source.tellsPending) return;
    if (source.unfinished(this.#memory.lastCheckpoint + 1).length > 0) {
      work.wakeUp = turn.now + LOOK_AGAIN_MS;
    }
  }

  #take(result: TurnResult, work: TurnWork, works: boolean): void {
    if (works) {
      work.ran = true;
      work.wakeUp = result.wakeUp;
    }
    for (const emission of inOrder(result.outputs)) this.#send(emission, work);
    if (result.cut !== null) work.cut = result.cut;
  }

  #send({ edge, to, element }: Emission, work: TurnWork): void {
    const vertex = this.#options.topology.program.plan.jobGraph.edges[edge]?.toVertex ?? "";
    const peer = this.#peers.index.get(addressName({ vertex, subtask: to }));
    assert(peer !== undefined, `${vertex}/${to} is a peer`);
    let body = work.outputs.get(peer);
    if (body === undefined) {
      body = new BodyWriter();
      work.outputs.set(peer, body);
    }
    body.element(edge, element);
  }

  #signal(kind: "wake" | "start" | "command" | "acknowledged"): void {
    const work = this.#turn as TurnWork;
    assert(kind !== "acknowledged", "only a coordinator hears of a full set");
    if (kind === "wake") work.wakeTaken = true;
    if (kind !== "start") return;
    // What a restored checkpoint holds pre-committed is published first (H11).
    if (!broken("no-start")) this.#staged.publish(this.#memory.lastCheckpoint, work.effects);
    this.#memory.more = true;
  }

  #control(peer: number, control: Control): void {
    const work = this.#turn as TurnWork;
    switch (control.kind) {
      case "trigger":
        return this.#trigger(control);
      case "notify":
        work.notified.push(control.checkpoint);
        this.#staged.publish(control.checkpoint, work.effects);
        if (!control.answer) return;
        work.controls.push({
          to: COORDINATOR_PEER,
          control: { kind: "committed", checkpoint: control.checkpoint },
        });
        if (broken("active-any")) work.active = true;
        return;
      case "resume":
        // It may be here before the barrier of its stop.
        this.#memory.failedStop = control.checkpoint;
        this.#memory.stopped = false;
        this.#memory.more = true;
        work.resumed = true;
        return;
      case "splits":
        this.#memory.splitRequested = false;
        // A reader that was made anew has asked once more for what comes here.
        this.#memory.splitWanted = false;
        this.#task.source?.addSplits(control.splits);
        this.#memory.more = true;
        work.active = true;
        return;
      case "no-more-splits":
        this.#memory.splitRequested = false;
        this.#memory.noMoreSplits = true;
        this.#task.source?.noMoreSplits();
        this.#memory.more = true;
        return;
      case "repair":
        work.effects.push({ kind: "repair", peer });
        return;
      case "continue":
        return;
      case "active":
      case "ack":
      case "decline":
      case "committed":
      case "finished":
      case "request-split":
        throw new Error(`a task got ${control.kind}`);
      default:
        return assertNever(control);
    }
  }

  #trigger(trigger: FromCoordinator & { readonly kind: "trigger" }): void {
    const work = this.#turn as TurnWork;
    if (trigger.checkpoint <= this.#memory.lastCheckpoint) return;
    if (broken("finished-no-barrier") && this.#task.ended) return;
    work.trigger = trigger;
  }

  async #finish(turn: UnitTurn, work: TurnWork): Promise<UnitResult> {
    const { commitId } = turn;
    const changes: SectionChange[] = [];
    const version = this.#version + 1;
    this.#staged.collect(changes, work.effects);
    await this.#staged.preCommit(
      commitId,
      work.cut,
      this.#memory.lastCheckpoint,
      changes,
      work.effects,
    );
    let checkpointed: CutSnapshot | null = null;
    if (work.cut > 0) await this.#task.flush(work.cut);
    if (work.cut > 0) checkpointed = this.#cut(work.cut, commitId, work);
    else this.#prepareCommit();
    const segments = this.#segments(checkpointed);
    changes.push(...KeyedFiles.changes(segments));
    const snapshot = this.#snapshot(segments, version, commitId, work.cut);
    if (checkpointed !== null && snapshot !== null) {
      this.#acknowledge(checkpointed, snapshot, changes, work);
    } else if (this.#options.sections.single(ACKNOWLEDGEMENT_SECTION) !== null) {
      changes.push(clearSection(ACKNOWLEDGEMENT_SECTION));
    }
    this.#flushLargeOutput(work);
    this.#announceEnd(work);
    this.#sectionChanges(changes);
    if (snapshot !== null) changes.push(...clearedSegments(this.#task));
    this.#options.sections.apply(changes);
    this.#version = version;
    this.#entriesSinceBase = snapshot === null ? this.#entriesSinceBase + 1 : 0;
    if (snapshot !== null) this.#options.keyed.committed(snapshot.files);
    return {
      changes,
      effects: work.effects,
      outputs: work.outputs,
      controls: work.controls,
      wakeUp: work.wakeUp,
      keepsWake: !work.ran,
      pending: this.pending || (work.cut > 0 && this.#mayPollAgain(work)),
      heldFrom: broken("held-consumed") ? new Map() : this.#held.oldest(),
      active: work.active,
      cut: work.cut,
      files: snapshot?.files ?? null,
      objects: [...(snapshot?.objects ?? []), ...(checkpointed?.savepoint.values() ?? [])],
    };
  }

  /** After a cut a source that was not polled may have something, or be woken for nothing. */
  #mayPollAgain(work: TurnWork): boolean {
    if (this.#task.source === null || this.#task.ended || this.#memory.stopped) return false;
    return work.wakeTaken;
  }

  #prepareCommit(): void {
    for (const { operator } of this.#task.operators) {
      operator?.prepareSnapshot(this.#memory.lastCheckpoint + 1);
    }
  }

  #cut(checkpoint: number, commitId: string, work: TurnWork): CutSnapshot {
    const cutsSavepoint = this.#task.barrier.savepoint ?? false;
    const stops = this.#task.barrier.stop === true && checkpoint > this.#memory.failedStop;
    if (stops) this.#memory.stopped = true;
    const { topology, runId, keyed } = this.#options;
    const { outputs, snapshot } = this.#task.cut(checkpoint, () => false);
    for (const emission of inOrder(outputs)) this.#send(emission, work);
    this.#memory.lastCheckpoint = checkpoint;
    const folder = savepointFolderOf(topology.job, checkpoint, runId);
    return {
      checkpoint,
      operators: snapshot.operators,
      savepoint: cutsSavepoint
        ? keyed.savepoint(this.#task.operators, folder, commitId)
        : new Map(),
      isSavepoint: cutsSavepoint,
    };
  }

  /** What changed in keyed state since the last turn. */
  #segments(
    checkpointed: CutSnapshot | null,
  ): readonly { readonly uid: string; readonly bytes: Uint8Array }[] {
    const segments: { readonly uid: string; readonly bytes: Uint8Array }[] = [];
    for (const { node, state } of this.#task.operators) {
      const cut = checkpointed?.operators.find(({ uid }) => uid === node.uid)?.keyed ?? null;
      const bytes = checkpointed === null ? (state?.snapshotDelta() ?? null) : (cut?.bytes ?? null);
      if (bytes !== null) segments.push({ uid: node.uid, bytes });
    }
    return segments;
  }

  /** Files for a base entry, at a cut or when much has changed; null: no base entry. */
  #snapshot(
    segments: readonly { readonly uid: string; readonly bytes: Uint8Array }[],
    version: number,
    commitId: string,
    cut: number,
  ): KeyedSnapshot | null {
    const { keyed, sections } = this.#options;
    if (cut === 0 && !keyed.isDue(sections, this.#entriesSinceBase)) return null;
    const all = (uid: string): readonly Uint8Array[] => [
      ...sections.list(KeyedFiles.section(uid)),
      ...segments.filter((each) => each.uid === uid).map(({ bytes }) => bytes),
    ];
    return keyed.snapshot(this.#task.operators, all, version, commitId, cut);
  }

  /** TU6. */
  #acknowledge(
    checkpointed: CutSnapshot,
    snapshot: KeyedSnapshot,
    changes: SectionChange[],
    work: TurnWork,
  ): void {
    const operators = checkpointed.operators.map(
      ({ uid, operatorState }): readonly [string, SubtaskState] => {
        const saved = checkpointed.savepoint.get(uid);
        const own = snapshot.files.find((each) => each.uid === uid)?.own ?? [];
        const keyedFiles = saved === undefined ? own : [saved.ref];
        return [uid, { keyedFiles, operatorState }];
      },
    );
    const { checkpoint } = checkpointed;
    const version = this.#version + 1;
    const { acknowledging } = this.#options;
    if (acknowledging !== null) {
      const { place, count } = acknowledging;
      const bytes = encodeAcknowledgement(operators);
      changes.push({ name: ACKNOWLEDGEMENT_SECTION, mode: "replace", bytes });
      const member = memberOf({ place, version });
      work.effects.push({ kind: "acknowledge", checkpoint, member, count });
      return;
    }
    work.controls.push({
      to: COORDINATOR_PEER,
      control: { kind: "ack", checkpoint, version, operators },
    });
  }

  /** Held-back output of one target that is large enough to travel (design 4). */
  #flushLargeOutput(work: TurnWork): void {
    if (!work.ran) return;
    for (const { edge, to, values, timestamps } of this.#task.heldOutput()) {
      const writer = new ByteWriter(1_024);
      encodeElement({ kind: "records", values: [...values], timestamps: [...timestamps] }, writer);
      if (writer.length < limits.heldOutputBytesMax) continue;
      for (const emission of this.#task.flushOutput(edge, to)) this.#send(emission, work);
    }
  }

  #announceEnd(work: TurnWork): void {
    const { splitWanted, splitRequested, noMoreSplits } = this.#memory;
    if (splitWanted && !splitRequested && !noMoreSplits) {
      this.#memory.splitRequested = true;
      work.controls.push({ to: COORDINATOR_PEER, control: { kind: "request-split" } });
    }
    this.#memory.splitWanted = false;
    if (!this.#task.ended || this.#memory.finished) return;
    this.#memory.finished = true;
    const accumulators = this.#memory.accumulators();
    work.controls.push({ to: COORDINATOR_PEER, control: { kind: "finished", accumulators } });
  }

  #sectionChanges(changes: SectionChange[]): void {
    const { sections } = this.#options;
    const replace = (name: string, bytes: Uint8Array): void => {
      if (!sameBytes(bytes, sections.single(name))) changes.push({ name, mode: "replace", bytes });
    };
    replace(PROGRESS_SECTION, toBytes(this.#task.capture(this.#memory.lastCheckpoint + 1)));
    replace(HELD_BACK_SECTION, toBytes(this.#task.heldOutput()));
    replace(MEMORY_SECTION, this.#memory.encode());
    const held = this.#held.takeChange();
    if (held !== null) changes.push({ name: HELD_SECTION, mode: "replace", bytes: held });
    for (const { node, operatorState } of this.#task.operators) {
      if (this.#revisions.get(node.uid) === operatorState.revision) continue;
      this.#revisions.set(node.uid, operatorState.revision);
      replace(operatorSection(node.uid), toBytes(operatorState.snapshot()));
    }
  }

  #throwFailure(): void {
    const { failure } = this.#options;
    if (failure.error !== null) throw failure.error;
  }
}

/** A cut of this turn: what goes into its acknowledgement. */
interface CutSnapshot {
  readonly checkpoint: number;
  readonly operators: ReturnType<StreamTask["cut"]>["snapshot"]["operators"];
  readonly savepoint: ReturnType<KeyedFiles["savepoint"]>;
  readonly isSavepoint: boolean;
}

/** What one turn collects. */
class TurnWork {
  readonly outputs = new Map<number, BodyWriter>();
  readonly controls: { readonly to: number; readonly control: Control }[] = [];
  readonly effects: Effect[] = [];
  readonly notified: number[] = [];
  trigger: (FromCoordinator & { readonly kind: "trigger" }) | null = null;
  wakeUp: number | null = null;
  wakeTaken = false;
  /** A stop has failed: what it held up goes on. */
  resumed = false;
  /** The engine had a turn, so that `wakeUp` is known. */
  ran = false;
  active = false;
  cut = 0;
}

function clearedSegments(task: StreamTask): readonly SectionChange[] {
  return task.operators.flatMap(({ node, state }) =>
    state === null
      ? []
      : [{ name: KeyedFiles.section(node.uid), mode: "clear" as const, bytes: NOTHING }],
  );
}

const NOTHING = new Uint8Array(0);

/** As they were emitted; two canaries let watermarks or barriers overtake what stands before them. */
function inOrder(outputs: readonly Emission[]): readonly Emission[] {
  const overtaking = broken("watermark-ahead")
    ? "watermark"
    : broken("held-back-behind-barrier")
      ? "barrier"
      : null;
  if (overtaking === null) return outputs;
  const first = (emission: Emission): number => (emission.element.kind === overtaking ? 0 : 1);
  return outputs.toSorted((left, right) => first(left) - first(right));
}
