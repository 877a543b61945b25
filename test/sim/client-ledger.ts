import type {
  AppendResult,
  CallScope,
  Ledger,
  LedgerPage,
  LedgerRow,
} from "../../core/ports/index.ts";
import type { Fault } from "./fault-injector.ts";
import type { Client } from "./client.ts";
import type { LedgerService } from "./ledger-service.ts";
import { unitBytes } from "./usage.ts";

/** The ledgers as one client sees them. */
export class ClientLedger implements Ledger {
  readonly #client: Client;
  readonly #service: LedgerService;

  constructor(client: Client, service: LedgerService) {
    this.#client = client;
    this.#service = service;
  }

  append(
    partition: string,
    version: number,
    item: Uint8Array,
    scope: CallScope,
  ): Promise<AppendResult> {
    const call = this.#client.begin("ledger.append", partition, `v${version}`, item.length, scope);
    return this.#client.make(call, async () => {
      this.#client.sim.usage.add("ledger.append", item.length, unitBytes.write);
      const result = await this.#service.append(partition, version, item, call);
      if (call.fault?.kind !== "retried") return result;
      return this.#service.append(partition, version, item, call);
    });
  }

  read(partition: string, from: number, scope: CallScope): Promise<LedgerPage> {
    const call = this.#client.begin("ledger.read", partition, `v${from}..`, 0, scope);
    return this.#client.make(call, async () => {
      const page = await this.#page(partition, from, call.fault);
      const bytes = page.rows.reduce((sum, { item }) => sum + item.length, 0);
      this.#client.sim.usage.add("ledger.read", bytes, unitBytes.read);
      return page;
    });
  }

  newest(partition: string, scope: CallScope): Promise<LedgerRow | null> {
    const call = this.#client.begin("ledger.newest", partition, null, 0, scope);
    return this.#client.make(call, async () => {
      const row = await this.#service.memory.newest(partition);
      this.#client.sim.usage.add("ledger.newest", row?.item.length ?? 0, unitBytes.read);
      return row;
    });
  }

  trim(partition: string, versions: readonly number[], scope: CallScope): Promise<void> {
    const subject = versions.length === 0 ? "none" : `v${versions[0]}..${versions.at(-1)}`;
    const call = this.#client.begin("ledger.trim", partition, subject, 0, scope);
    return this.#client.make(call, async () => {
      const units = await this.#service.trim(partition, versions, call, call.fault);
      this.#client.sim.usage.add("ledger.trim", units * unitBytes.write, unitBytes.write);
    });
  }

  async #page(partition: string, from: number, fault: Fault | null): Promise<LedgerPage> {
    switch (fault?.kind) {
      case "short-page":
        return this.#service.read(partition, from, fault.random.below(4));
      case "torn-read":
        return this.#service.tornRead(partition, from, fault.random);
      default:
        return this.#service.read(partition, from, Number.MAX_SAFE_INTEGER);
    }
  }
}
