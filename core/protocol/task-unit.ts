import { assert } from "../assert.ts";
import type { InputGate } from "../runtime/input-gate.ts";
import type { MetricRegistry } from "../runtime/metric-registry.ts";
import type { StreamTask } from "../runtime/stream-task.ts";
import { type Delivery, type TurnInput, type TurnResult, noInput } from "../runtime/turn.ts";
import type { Budget } from "../time/index.ts";
import { type Address, addressName } from "./address.ts";
import { broken } from "./canaries.ts";
import type { HeldBack } from "./held-back.ts";
import { HELD_SECTION, type HeldElement, HeldInput } from "./held-input.ts";
import type { Inbox } from "./inbox.ts";
import type { JobTopology, Peers } from "./job-topology.ts";
import type { CarriedState } from "./carried-state.ts";
import { KeyedFiles } from "./keyed-files.ts";
import { readElement } from "./message.ts";
import type { Sections } from "./sections.ts";
import type { SinkOutputs } from "./sink-outputs.ts";
import { StagedOutput } from "./staged-output.ts";
import { TaskCommit } from "./task-commit.ts";
import { TaskControls } from "./task-controls.ts";
import type { TaskMemory } from "./task-memory.ts";
import { OutputRouter, TurnWork } from "./turn-work.ts";
import type { Unit, UnitResult, UnitTurn } from "./unit.ts";

/** A source that reads in the background without `pending` is looked at this often. */
const LOOK_AGAIN_MS = 1_000;

export interface TaskUnitOptions {
  readonly topology: JobTopology;
  readonly address: Address;
  readonly runId: string;
  readonly generation: number;
  readonly task: StreamTask;
  readonly metrics: MetricRegistry;
  readonly memory: TaskMemory;
  readonly version: number;
  readonly sections: Sections;
  readonly keyed: KeyedFiles;
  readonly outputs: SinkOutputs;
  readonly heldBack: HeldBack;
  /** By uid: the revision of the operator's state that is committed. */
  readonly revisions: ReadonlyMap<string, number>;
  /** What the task's environment reports of work in the background. */
  readonly failure: { readonly error: Error | null };
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
 *   TU3  behind the cut of a stop nothing happens by itself: no timer fires, no source is polled,
 *        until the stop has failed; a restore from its savepoint does it
 *   TU4  a source forwards every trigger, also when it has ended or is stopped (P7)
 */
export class TaskUnit implements Unit {
  readonly metrics: MetricRegistry;
  readonly #options: TaskUnitOptions;
  readonly #task: StreamTask;
  readonly #peers: Peers;
  readonly #memory: TaskMemory;
  readonly #held: HeldInput;
  readonly #controls: TaskControls;
  readonly #commit: TaskCommit;
  readonly #router: OutputRouter;
  readonly #channels = new Map<string, number>();
  /** The element that was delivered last, if it came from the held ones. */
  #lastHeld: HeldElement | null = null;
  #inbox: Inbox | null = null;
  #turn: TurnWork | null = null;

  constructor(options: TaskUnitOptions, entriesSinceBase: number) {
    this.#options = options;
    this.metrics = options.metrics;
    this.#task = options.task;
    this.#memory = options.memory;
    this.#peers = options.topology.peers(options.address);
    this.#held = new HeldInput(options.sections.single(HELD_SECTION));
    this.#router = new OutputRouter(options.topology, this.#peers);
    const staged = new StagedOutput(
      options.task.stagingSinks(),
      options.outputs,
      options.address,
      options.sections,
      options.metrics,
    );
    this.#controls = new TaskControls(options.task, options.memory, staged);
    const parts = { staged, held: this.#held, router: this.#router };
    this.#commit = new TaskCommit(options, parts, entriesSinceBase);
    const { jobGraph } = options.topology.program.plan;
    this.#task.inputs.forEach(({ edge, from }, channel) => {
      const vertex = jobGraph.edges[edge]?.fromVertex ?? "";
      this.#channels.set(`${edge}/${addressName({ vertex, subtask: from })}`, channel);
    });
  }

  get bytes(): number {
    const { sections, keyed } = this.#options;
    return (sections.bytes + keyed.bytes) * 3;
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

  carry(): CarriedState | null {
    const { keyed, sections } = this.#options;
    const head = this.#task.operators[0];
    if (head === undefined || head.state === null || head.timers === null) return null;
    const { uid } = head.node;
    return {
      uid,
      live: { tables: head.state.tables, timers: head.timers },
      files: keyed.of(uid),
      segments: sections.list(KeyedFiles.section(uid)).length,
    };
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
    return this.#commit.finish(turn.commitId, work, () => this.pending);
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
    const work = this.#turn as TurnWork;
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
        if (item.kind === "control") this.#controls.control(item.peer, item.control, work);
        else this.#controls.signal(item.kind, work);
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
      if (item.kind === "control") this.#controls.control(item.peer, item.control, work);
      else this.#controls.signal(item.kind, work);
      if (work.trigger !== null) inbox.stop();
    }
    for (const checkpoint of work.notified) {
      await this.#task.source?.notifyCheckpointComplete(checkpoint);
    }
    if (work.trigger === null) {
      if (turn.credit || broken("pending-free")) await this.#poll(turn, work);
      return;
    }
    // The cut comes first: that the source was to be polled is kept until it is, over any number of
    // cuts (I-CONT).
    if (work.wakeTaken) this.#memory.more = true;
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
    this.#router.route(result.outputs, work);
    if (result.cut !== null) work.cut = result.cut;
  }

  #throwFailure(): void {
    const { failure } = this.#options;
    if (failure.error !== null) throw failure.error;
  }
}
