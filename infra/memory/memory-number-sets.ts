import { assert } from "../../core/assert.ts";
import type { NumberSets } from "../../core/ports/index.ts";

/**
 * Sets of numbers in memory. They are the service, not its client: they never look at the scope of a
 * call.
 */
export class MemoryNumberSets implements NumberSets {
  readonly #sets = new Map<string, Set<number>>();

  // The methods are async so that what they throw rejects; they never wait.
  async add(set: string, member: number): Promise<readonly number[]> {
    assert(Number.isSafeInteger(member) && member >= 0, "a member is a natural number");
    let members = this.#sets.get(set);
    if (members === undefined) {
      members = new Set();
      this.#sets.set(set, members);
    }
    members.add(member);
    return [...members];
  }

  async members(set: string): Promise<readonly number[]> {
    return [...(this.#sets.get(set) ?? [])];
  }

  async drop(set: string): Promise<void> {
    this.#sets.delete(set);
  }

  /** The sets that have members. */
  names(): readonly string[] {
    return [...this.#sets.keys()];
  }
}
