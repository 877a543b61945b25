import type { CallScope, NumberSets } from "../../core/ports/index.ts";
import type { MemoryNumberSets } from "../../infra/memory/memory-number-sets.ts";
import type { Call } from "./call.ts";
import type { Client } from "./client.ts";
import { unitBytes } from "./usage.ts";

/** Bytes of a member in an item, about: DynamoDB packs two digits into one. */
const MEMBER_BYTES = 9;
const NAME_BYTES = 64;

/** The sets of numbers as one client sees them. A change is billed by the size of the whole set. */
export class ClientSets implements NumberSets {
  readonly #client: Client;
  readonly #memory: MemoryNumberSets;

  constructor(client: Client, memory: MemoryNumberSets) {
    this.#client = client;
    this.#memory = memory;
  }

  add(set: string, member: number, scope: CallScope): Promise<readonly number[]> {
    const call = this.#client.begin("set.add", set, member, MEMBER_BYTES, scope);
    return this.#client.make(call, async () => {
      const members = await this.#add(set, member, call);
      this.#client.sim.usage.add("set.add", bytesOf(members), unitBytes.write);
      return call.fault?.kind === "retried" ? this.#add(set, member, call) : members;
    });
  }

  members(set: string, scope: CallScope): Promise<readonly number[]> {
    const call = this.#client.begin("set.members", set, null, 0, scope);
    return this.#client.make(call, async () => {
      const members = await this.#memory.members(set);
      this.#client.sim.usage.add("set.members", bytesOf(members), unitBytes.read);
      return members;
    });
  }

  drop(set: string, scope: CallScope): Promise<void> {
    const call = this.#client.begin("set.drop", set, null, 0, scope);
    return this.#client.make(call, async () => {
      const members = await this.#memory.members(set);
      this.#client.sim.usage.add("set.drop", bytesOf(members), unitBytes.write);
      await this.#memory.drop(set);
    });
  }

  async #add(set: string, member: number, call: Call): Promise<readonly number[]> {
    const members = await this.#memory.add(set, member);
    for (const observer of this.#client.sim.observers) {
      observer.onMember?.(set, member, members, call);
    }
    return members;
  }
}

function bytesOf(members: readonly number[]): number {
  return NAME_BYTES + members.length * MEMBER_BYTES;
}
