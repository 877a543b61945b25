import { addressName } from "../../../core/protocol/address.ts";
import type { Accepted, Checker, CheckerContext, Commit, LedgerView } from "./checker.ts";
import { Violation } from "./violation.ts";

/**
 * I-NOGAP: what a subtask sends is numbered without a gap; what it has received of a peer only grows
 * and needs no reorder buffer as long as no message vanishes. I-COMMITFIRST: only what an entry says
 * is ever in a queue.
 */
export class ChannelOrder implements Checker {
  readonly rule = "I-NOGAP";
  readonly #context: CheckerContext;

  constructor(context: CheckerContext) {
    this.#context = context;
  }

  onCommit({ before, after }: Commit): void {
    const { partition, version, protocol, sent } = after;
    for (const { to, sequence } of sent) {
      const last = before?.protocol.sent[to] ?? 0;
      if (sequence === last + 1 && protocol.sent[to] === sequence) continue;
      throw new Violation(this.rule, `${partition} ${version} sends #${sequence} after #${last}`);
    }
    if (before !== null) this.#onlyGrows(before, after);
    const [first] = protocol.early;
    if (first === undefined || this.#context.vanish) return;
    const from = addressName(after.peers.addresses[first.peer] ?? { vertex: "?", subtask: 0 });
    const got = protocol.received[first.peer] ?? 0;
    throw new Violation(this.rule, `${partition} has #${first.sequence} of ${from} after #${got}`);
  }

  onAccepted({ partition, content, generation }: Accepted): void {
    if (content.kind !== "channel") return;
    const { from, sequence } = content;
    const sender = this.#context.view(generation, from);
    if (sender === null) return;
    const place = sender.peers.addresses.findIndex(
      (address) => this.#context.partition(generation, address) === partition,
    );
    const committed = sender.protocol.sent[place] ?? 0;
    if (sequence <= committed) return;
    throw new Violation(
      "I-COMMITFIRST",
      `${partition} gets #${sequence} of ${addressName(from)}, which has committed #${committed}`,
    );
  }

  #onlyGrows(before: LedgerView, { partition, version, protocol }: LedgerView): void {
    for (let peer = 0; peer < protocol.received.length; peer += 1) {
      const [was = 0, last = 0] = [before.protocol.received[peer], protocol.received[peer]];
      if (last >= was) continue;
      throw new Violation(this.rule, `${partition} ${version} goes back from #${was} to #${last}`);
    }
  }
}
