import type { KeyIdentity } from "../record/key.ts";
import type { StateTable } from "./state-table.ts";

/**
 * What state handles refer to: a table and the current key in it. The slot is looked up at most
 * once per key change.
 */
export class StateScope {
  table: StateTable;
  identity: KeyIdentity;
  /** -1 until it is looked up, and while the key has no entry in the table. */
  slot: number;

  constructor(table: StateTable) {
    this.table = table;
    this.identity = "";
    this.slot = -1;
  }

  enter(table: StateTable, identity: KeyIdentity): void {
    this.table = table;
    this.identity = identity;
    this.slot = -1;
  }

  enterSlot(table: StateTable, slot: number): void {
    this.table = table;
    this.identity = table.identity(slot);
    this.slot = slot;
  }

  /** The slot of the current key, or -1. */
  find(): number {
    if (this.slot < 0) this.slot = this.table.find(this.identity);
    return this.slot;
  }

  /** The slot of the current key, made if need be. */
  slotForWrite(): number {
    if (this.slot < 0) this.slot = this.table.slot(this.identity);
    return this.slot;
  }
}
