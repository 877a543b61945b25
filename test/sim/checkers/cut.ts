import { fromBytes } from "../../../core/record/index.ts";
import { type Address, addressName, isCoordinator } from "../../../core/protocol/address.ts";
import type { Checker, CheckerContext, Commit, LedgerView } from "./checker.ts";
import type { Completions } from "./completions.ts";
import { Violation } from "./violation.ts";

type Held = readonly [
  peer: number,
  sequence: number,
  edge: number,
  channel: number,
  bytes: Uint8Array,
  from: number,
];

/** What a subtask sent and processed at one of its cuts, in elements, by channel and edge. */
interface Cut {
  readonly version: number;
  /** Up to and with the barrier. */
  readonly sent: ReadonlyMap<string, number>;
  readonly processed: ReadonlyMap<string, number>;
}

/** Elements of a channel so far, by edge. */
interface Flow {
  /** By edge: how many elements were sent. */
  readonly counts: Map<number, number>;
  /** By edge: how many elements messages have that the receiver has taken. */
  readonly taken: Map<number, number>;
  /** Messages that it has not taken as a whole: the edge of each item, -1 for a control. */
  readonly messages: Map<number, readonly number[]>;
}

/**
 * I-CUT: a completed checkpoint is one consistent cut. Of every channel each receiver had processed,
 * at its cut, exactly what the sender had sent up to its barrier, and the acknowledgements name the
 * versions of these cuts.
 */
export class CutChecker implements Checker {
  readonly rule = "I-CUT";
  readonly #context: CheckerContext;
  readonly #completions: Completions;
  readonly #flows = new Map<string, Flow>();
  readonly #held = new Map<string, readonly Held[]>();
  /** By partition and checkpoint. */
  readonly #cuts = new Map<string, Cut>();
  readonly #acks = new Map<string, number>();

  constructor(context: CheckerContext, completions: Completions) {
    this.#context = context;
    this.#completions = completions;
  }

  onCommit(commit: Commit): void {
    const { after, changes } = commit;
    if (isCoordinator(after.address)) return this.#complete(after);
    const barriers = this.#send(after);
    const held = changes.findLast(({ name }) => name === "held");
    if (held !== undefined) this.#held.set(after.partition, fromBytes(held.bytes) as Held[]);
    const { cut } = after.entry;
    if (cut > 0) this.#cut(after, cut, barriers);
    for (const { checkpoint, version } of commit.acknowledgements) {
      this.#acks.set(`${after.partition}@${checkpoint}`, version);
    }
  }

  /** Counts what an entry sends; gives the counts at its barriers, by channel and edge. */
  #send(after: LedgerView): ReadonlyMap<string, number> {
    const barriers = new Map<string, number>();
    for (const { to, sequence, items } of after.sent) {
      const receiver = after.peers.addresses[to];
      if (receiver === undefined || !after.peers.receivers.includes(to)) continue;
      const name = this.#name(after, receiver);
      const flow = this.#flow(name);
      const edges: number[] = [];
      for (const item of items) {
        if (item.kind !== "element") {
          edges.push(-1);
          continue;
        }
        const count = (flow.counts.get(item.edge) ?? 0) + 1;
        flow.counts.set(item.edge, count);
        edges.push(item.edge);
        if (item.element.kind === "barrier") barriers.set(`${name}:${item.edge}`, count);
      }
      flow.messages.set(sequence, edges);
    }
    return barriers;
  }

  #cut(after: LedgerView, checkpoint: number, sent: ReadonlyMap<string, number>): void {
    const processed = new Map<string, number>();
    const { partition, generation, peers, protocol, version } = after;
    const held = this.#held.get(partition) ?? [];
    peers.addresses.forEach((sender, peer) => {
      const view = this.#context.view(generation, sender);
      if (view === null || isCoordinator(sender)) return;
      const name = this.#name(view, after.address);
      const flow = this.#flows.get(name);
      if (flow === undefined) return;
      const last = protocol.received[peer] ?? 0;
      for (const [sequence, edges] of flow.messages) {
        if (sequence > last) continue;
        countInto(flow.taken, edges, edges.length);
        flow.messages.delete(sequence);
      }
      const counts = new Map(flow.taken);
      const { partial } = protocol;
      if (partial !== null && partial.peer === peer) {
        countInto(counts, flow.messages.get(partial.sequence) ?? [], partial.item);
      }
      for (const each of held) {
        if (each[0] === peer) counts.set(each[2], (counts.get(each[2]) ?? 0) - 1);
      }
      for (const [edge, count] of counts) processed.set(`${name}:${edge}`, count);
    });
    this.#cuts.set(`${partition}@${checkpoint}`, { version, sent, processed });
  }

  #complete(after: LedgerView): void {
    for (const checkpoint of this.#completions.newIn(after)) {
      for (const vertex of this.#context.subtasks(after.generation)) {
        this.#check(after.generation, vertex, checkpoint);
      }
    }
  }

  #check(generation: number, address: Address, checkpoint: number): void {
    const partition = this.#context.partition(generation, address);
    const cut = this.#cuts.get(`${partition}@${checkpoint}`);
    const ack = this.#acks.get(`${partition}@${checkpoint}`);
    if (cut === undefined || ack !== cut.version) {
      throw new Violation(
        this.rule,
        `checkpoint ${checkpoint} is complete, but ${partition} cut it at ${cut?.version ?? "none"} and acknowledged ${ack ?? "nothing"}`,
      );
    }
    for (const [channel, count] of cut.sent) {
      const [, receiver = ""] = channel.split(">");
      const target = receiver.slice(0, receiver.lastIndexOf(":"));
      const processed = this.#cuts.get(`${target}@${checkpoint}`)?.processed.get(channel);
      if (processed === count) continue;
      throw new Violation(
        this.rule,
        `checkpoint ${checkpoint}: ${channel} had ${count} elements up to the barrier, and ${processed ?? "none"} processed at the receiver's cut (${addressName(address)})`,
      );
    }
  }

  #name(sender: LedgerView, receiver: Address): string {
    return `${sender.partition}>${this.#context.partition(sender.generation, receiver)}`;
  }

  #flow(name: string): Flow {
    let flow = this.#flows.get(name);
    if (flow === undefined) {
      flow = { counts: new Map(), taken: new Map(), messages: new Map() };
      this.#flows.set(name, flow);
    }
    return flow;
  }
}

function countInto(counts: Map<number, number>, edges: readonly number[], items: number): void {
  for (let at = 0; at < items; at += 1) {
    const edge = edges[at] ?? -1;
    if (edge >= 0) counts.set(edge, (counts.get(edge) ?? 0) + 1);
  }
}
