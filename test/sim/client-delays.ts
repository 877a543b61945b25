import type { CallScope, DelayQueue, DelayedMessage } from "../../core/ports/index.ts";
import type { Client } from "./client.ts";
import type { DelayService } from "./delay-service.ts";
import { unitBytes } from "./usage.ts";

const RESOURCE = "wake-ups";

/** The standard queue as one client sees it. */
export class ClientDelays implements DelayQueue {
  readonly #client: Client;
  readonly #service: DelayService;

  constructor(client: Client, service: DelayService) {
    this.#client = client;
    this.#service = service;
  }

  send(body: Uint8Array, delayMs: number, scope: CallScope): Promise<void> {
    const subject = `in ${delayMs} ms`;
    const call = this.#client.begin("delay.send", RESOURCE, subject, body.length, scope);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("delay.send", body.length, unitBytes.queue);
      await this.#service.send(body, delayMs, call);
    });
  }

  receive(
    { max, visibilityMs }: { readonly max: number; readonly visibilityMs: number },
    scope: CallScope,
  ): Promise<readonly DelayedMessage[]> {
    const call = this.#client.begin("delay.receive", RESOURCE, null, 0, scope);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("delay.receive", 0, unitBytes.queue);
      return this.#service.receive(max, visibilityMs);
    });
  }

  delete(receipts: readonly string[], scope: CallScope): Promise<readonly boolean[]> {
    const call = this.#client.begin("delay.delete", RESOURCE, receipts, 0, scope);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("delay.delete", 0, unitBytes.queue);
      return this.#service.delete(receipts);
    });
  }
}
