import {
  REQUESTS_SECTION,
  type CoordinatorView,
} from "../../../core/protocol/coordinator-state.ts";
import { fromBytes } from "../../../core/record/index.ts";
import type { Checker, Commit, Delivered } from "./checker.ts";
import { isNoOp } from "./no-op.ts";
import { Violation } from "./violation.ts";

/**
 * I-WITNESS: the invocation that appends an entry was given a message that no entry before it had
 * consumed. Either the entry consumes it, or it stays in the queue: both bring whoever finds the
 * entry unfinished.
 */
export class WitnessChecker implements Checker {
  readonly rule = "I-WITNESS";
  /** By partition: the requests that its coordinator knows. */
  readonly #known = new Map<string, ReadonlySet<string>>();

  onCommit({ before, after, changes, inHand }: Commit): void {
    const { partition, version, entry } = after;
    const known = this.#known.get(partition);
    const requests = changes.findLast(({ name }) => name === REQUESTS_SECTION);
    if (requests !== undefined) {
      const results = fromBytes(requests.bytes) as CoordinatorView["requests"]; // as it is kept
      this.#known.set(partition, new Set(results.map(({ requestId }) => requestId)));
    }
    if (before === null || entry.kind !== "turn") return;
    const isFresh = ({ content }: Delivered): boolean =>
      content.kind === "command"
        ? known?.has(content.requestId) !== true
        : !isNoOp(before, content);
    if (inHand.some(isFresh)) return;
    throw new Violation(this.rule, `${partition} ${version} was given nothing new`);
  }
}
