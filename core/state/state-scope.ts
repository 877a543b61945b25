import type { KeyIdentity } from "../record/key.ts";
import type { StateTable } from "./state-table.ts";

/**
 * What state handles refer to: a table and the current key in it. The slot is looked up at most
 * once per key change, and again after the table released slots (T4 of the table).
 */
export class StateScope {
  table: StateTable;
  identity: KeyIdentity;
  /** -1 until it is looked up, and while the key has no entry in the table. */
  slot: number;
  /** The table's epoch when `slot` was looked up. */
  epoch: number;

  constructor(table: StateTable) {
    this.table = table;
    this.identity = "";
    this.slot = -1;
    this.epoch = 0;
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
    this.epoch = table.epoch;
  }

  /** The slot of the current key, or -1. */
  find(): number {
    const table = this.table;
    if (this.slot >= 0 && this.epoch === table.epoch) return this.slot;
    this.epoch = table.epoch;
    return (this.slot = table.find(this.identity));
  }

  /** The slot of the current key, made if need be. */
  slotForWrite(): number {
    const table = this.table;
    if (this.slot >= 0 && this.epoch === table.epoch) return this.slot;
    this.slot = table.slot(this.identity);
    this.epoch = table.epoch;
    return this.slot;
  }
}
