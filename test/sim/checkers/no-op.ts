import { addressName } from "../../../core/protocol/address.ts";
import type { MessageContent } from "../../../core/protocol/message.ts";
import type { LedgerView } from "./checker.ts";

/** Whether a message has no effect any more on a subtask as it is, for ever (P1, P3.3). */
export function isNoOp({ protocol, peers, pending }: LedgerView, content: MessageContent): boolean {
  switch (content.kind) {
    case "channel": {
      const peer = peers.index.get(addressName(content.from)) ?? -1;
      const { sequence } = content;
      if (sequence <= (protocol.received[peer] ?? 0)) return true;
      return protocol.early.some((early) => early.peer === peer && early.sequence === sequence);
    }
    case "wake": {
      const { number, armed } = protocol.wake;
      return content.number < number || (content.number === number && !armed);
    }
    case "start":
      return protocol.started === content.restoreId;
    case "acknowledged":
      return !pending.includes(content.checkpoint);
    case "command":
      return true; // whoever gets it knows by its own state
  }
}
