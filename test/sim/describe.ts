import type { FifoEntry } from "../../core/ports/index.ts";
import { addressName } from "../../core/protocol/address.ts";
import {
  type MessageBody,
  decodeMessage,
  readBody,
  readElement,
} from "../../core/protocol/message.ts";
import type { Call } from "./call.ts";

/** Messages of the engine in the trace, decoded. */
export function describeCall({ place, subject }: Call): string | null {
  if (place.kind !== "queue.send") return null;
  return (subject as readonly FifoEntry[]) // what `ClientQueues` gives as the subject of a send
    .map(({ group, body }) => `${group}: ${describeMessage(body)}`)
    .join(" | ");
}

/** `counts/0 #4 [12 records, watermark 100]`: sender, number and content of a message. */
export function describeMessage(bytes: Uint8Array): string {
  const { content } = decodeMessage(bytes);
  switch (content.kind) {
    case "channel":
      return `${addressName(content.from)} #${content.sequence} ${bodyText(content.body)}`;
    case "wake":
      return `wake ${content.number}`;
    case "command":
      return `${content.command.kind} ${content.requestId}`;
    case "acknowledged":
      return `acknowledged ${content.checkpoint}`;
    default:
      return content.kind;
  }
}

function bodyText(body: MessageBody): string {
  if (body.kind === "ref") return `[${body.ref.length}B in ${body.ref.key}]`;
  const items = readBody(body.bytes).map((item) => {
    if (item.kind === "control") {
      const { control } = item;
      return "checkpoint" in control ? `${control.kind} ${control.checkpoint}` : control.kind;
    }
    const element = readElement(item.bytes);
    switch (element.kind) {
      case "records":
        return `${element.values.length} records`;
      case "watermark":
        return `watermark ${element.timestamp}`;
      case "barrier":
        return `barrier ${element.checkpoint}`;
      case "status":
        return element.idle ? "idle" : "active";
      case "end":
        return "end";
    }
  });
  return `[${items.join(", ")}]`;
}
