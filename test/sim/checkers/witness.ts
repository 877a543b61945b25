import { REQUESTS_SECTION } from "../../../core/protocol/coordinator-state.ts";
import type { ProtocolState } from "../../../core/protocol/protocol-state.ts";
import { isNoOp } from "./no-op.ts";
import type { Checker, Commit } from "./checker.ts";
import { Violation } from "./violation.ts";

/**
 * I-WITNESS: an entry consumes, in whole or in part, a message that no entry before it consumed, and
 * that the invocation which appended it was given.
 */
export class WitnessChecker implements Checker {
  readonly rule = "I-WITNESS";

  onCommit({ before, after, changes, inHand }: Commit): void {
    if (before === null || after.entry.kind !== "turn") return;
    const { partition, version } = after;
    const requests = changes.some(({ name }) => name === REQUESTS_SECTION);
    if (!requests && !consumes(before.protocol, after.protocol)) {
      throw new Violation(this.rule, `${partition} ${version} consumes nothing`);
    }
    const fresh = inHand.some(({ content }) =>
      content.kind === "command" ? requests : !isNoOp(before, content),
    );
    if (fresh || before.protocol.early.length > 0) return;
    throw new Violation(this.rule, `${partition} ${version} was given nothing new`);
  }
}

function consumes(before: ProtocolState, after: ProtocolState): boolean {
  if (after.received.some((last, peer) => last > (before.received[peer] ?? 0))) return true;
  if (before.wake.armed && !(after.wake.armed && after.wake.number === before.wake.number)) {
    return true;
  }
  if (after.started !== before.started) return true;
  if (after.early.length !== before.early.length) return true;
  const { partial } = after;
  const was = before.partial;
  if (partial === null) return false;
  if (was === null || was.peer !== partial.peer || was.sequence !== partial.sequence) return true;
  return partial.item > was.item || partial.record > was.record;
}
