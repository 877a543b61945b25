import type { CallScope, FifoEntry, FifoMessage, FifoQueues } from "../../core/ports/index.ts";
import type { EntryFate } from "../../infra/memory/memory-fifo-queues.ts";
import type { Call } from "./call.ts";
import type { Client } from "./client.ts";
import type { QueueService } from "./queue-service.ts";
import { unitBytes } from "./usage.ts";

/** The FIFO queues as one client sees them. */
export class ClientQueues implements FifoQueues {
  readonly #client: Client;
  readonly #service: QueueService;

  constructor(client: Client, service: QueueService) {
    this.#client = client;
    this.#service = service;
  }

  send(
    queue: string,
    entries: readonly FifoEntry[],
    scope: CallScope,
  ): Promise<readonly boolean[]> {
    const bytes = bytesOf(entries);
    const call = this.#client.begin("queue.send", queue, entries, bytes, scope);
    const fates = fatesOf(call, entries.length);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("queue.send", bytes, unitBytes.queue);
      const accepted = await this.#service.send(queue, entries, call, fates);
      if (call.fault?.kind !== "retried") return accepted;
      return this.#service.send(queue, entries, call);
    });
  }

  receive(
    queue: string,
    { max, visibilityMs }: { readonly max: number; readonly visibilityMs: number },
    scope: CallScope,
  ): Promise<readonly FifoMessage[]> {
    const call = this.#client.begin("queue.receive", queue, null, 0, scope);
    return this.#client.make(call, async () => {
      const messages = await this.#service.receive(queue, max, visibilityMs, max);
      this.#client.sim.usage.add("queue.receive", bytesOf(messages), unitBytes.queue);
      return messages;
    });
  }

  delete(
    queue: string,
    receipts: readonly string[],
    scope: CallScope,
  ): Promise<readonly boolean[]> {
    const call = this.#client.begin("queue.delete", queue, receipts, 0, scope);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("queue.delete", 0, unitBytes.queue);
      return this.#delete(queue, receipts, call);
    });
  }

  changeVisibility(
    queue: string,
    receipts: readonly string[],
    visibilityMs: number,
    scope: CallScope,
  ): Promise<void> {
    const subject = `${receipts.length} to ${visibilityMs} ms`;
    const call = this.#client.begin("queue.visibility", queue, subject, 0, scope);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("queue.visibility", 0, unitBytes.queue);
      await this.#service.changeVisibility(queue, receipts, visibilityMs);
    });
  }

  async #delete(
    queue: string,
    receipts: readonly string[],
    call: Call,
  ): Promise<readonly boolean[]> {
    const { fault } = call;
    if (fault?.kind === "delete-lost") return receipts.map(() => true);
    if (fault?.kind !== "delete-refused") return this.#service.delete(queue, receipts, call);
    const refused = receipts.map(() => fault.random.chance(0.5));
    const rest = receipts.filter((_, at) => refused[at] === false);
    const answers = [...(await this.#service.delete(queue, rest, call))];
    return refused.map((each) => !each && (answers.shift() ?? false));
  }
}

function fatesOf({ fault }: Call, entries: number): readonly EntryFate[] {
  if (fault === null) return [];
  const { kind, random } = fault;
  const each = (fate: () => EntryFate): EntryFate[] => Array.from({ length: entries }, fate);
  switch (kind) {
    case "partial-send": {
      const fates = each(() => (random.chance(0.5) ? "reject" : "accept"));
      fates[random.below(entries)] = "reject";
      return fates;
    }
    case "double-send": {
      const fates = each(() => (random.chance(0.3) ? "accept-twice" : "accept"));
      fates[random.below(entries)] = "accept-twice";
      return fates;
    }
    case "swallow":
      return each(() => (random.chance(0.8) ? "reject-and-remember" : "accept"));
    case "lost":
      return random.chance(0.5) ? [] : each(() => (random.chance(0.5) ? "reject" : "accept"));
    default:
      return [];
  }
}

function bytesOf(messages: readonly { readonly body: Uint8Array }[]): number {
  let bytes = 0;
  for (const { body } of messages) bytes += body.length;
  return bytes;
}
