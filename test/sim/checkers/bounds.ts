import { limits } from "../../../core/limits.ts";
import type { Checker, CheckerContext, Commit } from "./checker.ts";
import { Violation } from "./violation.ts";

/** Entries behind the newest base entry, beyond the limit, that a turn may leave. */
const ENTRIES_MORE = 2;

/**
 * BOUND: what a subtask keeps is bounded: entries behind its base, the messages of one outbox, the
 * reorder buffer. What lies in its group is bounded by I-CREDIT, but for barriers.
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
    if (protocol.early.length > this.#context.settings.reorderMessagesMax) {
      throw new Violation(
        this.rule,
        `${partition} ${version} keeps ${protocol.early.length} early ones`,
      );
    }
  }
}
