import { fromBytes } from "../../../core/record/index.ts";
import { addressName, isCoordinator } from "../../../core/protocol/address.ts";
import type { Checker, CheckerContext, Commit, LedgerView, Sent } from "./checker.ts";
import { Violation } from "./violation.ts";

/** As `HeldInput` keeps an element. */
type Held = readonly [peer: number, sequence: number, ...rest: readonly unknown[]];

/**
 * I-CREDIT: an entry that sends data without a barrier, an end or a start leaves at most C messages
 * of a data channel that are sent and not consumed. I-HELD: of a channel at most C messages with
 * data alone are held back, so that committed state is bounded.
 */
export class CreditChecker implements Checker {
  readonly rule = "I-CREDIT";
  readonly #context: CheckerContext;
  /** By channel: numbers of messages that were sent without credit. */
  readonly #free = new Map<string, Set<number>>();

  constructor(context: CheckerContext) {
    this.#context = context;
  }

  onCommit(commit: Commit): void {
    const { before, after, changes } = commit;
    if (before === null || isCoordinator(after.address)) return;
    const started = before.protocol.started !== after.protocol.started;
    for (const sent of after.sent) {
      if (!after.peers.receivers.includes(sent.to)) continue;
      const free = sent.free || started || !hasElements(sent);
      if (free) this.#freeOf(this.#channel(after, sent.to)).add(sent.sequence);
      else this.#outstanding(after, sent.to);
    }
    const held = changes.findLast(({ name }) => name === "held");
    if (held !== undefined) this.#held(after, fromBytes(held.bytes) as readonly Held[]);
  }

  #outstanding(after: LedgerView, to: number): void {
    const { credits } = this.#context.settings;
    const { partition, version, generation, peers, address, protocol } = after;
    const receiver = peers.addresses[to];
    const view = receiver === undefined ? null : this.#context.view(generation, receiver);
    if (view === null || this.#context.isSealed(view.partition)) return;
    const place = view.peers.index.get(addressName(address)) ?? -1;
    const outstanding = (protocol.sent[to] ?? 0) - (view.entry.consumed[place] ?? 0);
    if (outstanding <= credits) return;
    throw new Violation(
      this.rule,
      `${partition} ${version} leaves ${outstanding} messages for ${view.partition}, ${credits} are allowed`,
    );
  }

  #held({ partition, version, peers, generation }: LedgerView, held: readonly Held[]): void {
    const { credits } = this.#context.settings;
    const numbers = new Map<number, Set<number>>();
    for (const [peer, sequence] of held) {
      const known = numbers.get(peer);
      if (known === undefined) numbers.set(peer, new Set([sequence]));
      else known.add(sequence);
    }
    for (const [peer, all] of numbers) {
      const sender = peers.addresses[peer];
      if (sender === undefined) continue;
      const channel = `${this.#context.partition(generation, sender)}>${partition}`;
      const free = this.#freeOf(channel);
      const counted = [...all].filter((sequence) => !free.has(sequence));
      if (counted.length <= credits) continue;
      throw new Violation(
        "I-HELD",
        `${partition} ${version} holds ${counted.length} messages of ${addressName(sender)} back, ${credits} are allowed`,
      );
    }
  }

  #channel({ partition, peers, generation }: LedgerView, to: number): string {
    const receiver = peers.addresses[to];
    return `${partition}>${receiver === undefined ? "?" : this.#context.partition(generation, receiver)}`;
  }

  #freeOf(channel: string): Set<number> {
    let free = this.#free.get(channel);
    if (free === undefined) {
      free = new Set();
      this.#free.set(channel, free);
    }
    return free;
  }
}

function hasElements({ items }: Sent): boolean {
  return items.some(({ kind }) => kind === "element");
}
