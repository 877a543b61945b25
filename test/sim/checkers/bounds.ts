import { limits } from "../../../core/limits.ts";
import { addressName, isCoordinator } from "../../../core/protocol/address.ts";
import type { FifoMessage } from "../../../core/ports/index.ts";
import type { Accepted, Checker, CheckerContext, Commit, LedgerView } from "./checker.ts";
import { Violation } from "./violation.ts";

/** Entries behind the newest base entry, beyond the limit, that a turn may leave. */
const ENTRIES_MORE = 2;

/**
 * BOUND: what a subtask keeps is bounded: entries behind its base, the messages of one outbox, the
 * reorder buffer, and what lies in its group.
 */
export class BoundChecker implements Checker {
  readonly rule = "BOUND";
  readonly #context: CheckerContext;

  constructor(context: CheckerContext) {
    this.#context = context;
  }

  onCommit({ after }: Commit): void {
    const { partition, version, entry, protocol, outbox, peers } = after;
    const behind = version - entry.base;
    if (behind > limits.snapshotEntriesMax + ENTRIES_MORE) {
      throw new Violation(
        this.rule,
        `${partition} ${version} is ${behind} entries behind its base`,
      );
    }
    if (outbox.messages.length > peers.addresses.length) {
      throw new Violation(this.rule, `${partition} ${version} sends two messages to one target`);
    }
    if (protocol.early.length > limits.reorderMessagesMax) {
      throw new Violation(
        this.rule,
        `${partition} ${version} keeps ${protocol.early.length} early ones`,
      );
    }
    if (!isCoordinator(after.address)) this.#backlog(after);
  }

  /** Of a data channel at most C messages and the free ones of its cuts are on their way. */
  #backlog({ partition, version, peers, protocol, generation, address }: LedgerView): void {
    const { credits } = this.#context.settings;
    for (const to of peers.receivers) {
      const receiver = peers.addresses[to];
      const view = receiver === undefined ? null : this.#context.view(generation, receiver);
      if (view === null || this.#context.isSealed(view.partition)) continue;
      const place = view.peers.index.get(addressName(address)) ?? -1;
      const backlog = (protocol.sent[to] ?? 0) - (view.protocol.received[place] ?? 0);
      if (backlog <= credits + FREE_MORE) continue;
      throw new Violation(
        this.rule,
        `${partition} ${version} has ${backlog} messages on their way to ${view.partition}`,
      );
    }
  }

  onDeleted(_view: LedgerView | null, _message: FifoMessage, _content: Accepted["content"]): void {
    return undefined;
  }
}

/** Barriers and ends that may be on their way beside what has credit. */
const FREE_MORE = 64;
