import { assert } from "../assert.ts";
import type { KeyIdentity } from "../record/key.ts";
import { deepCopy } from "./deep-copy.ts";
import type { StateTable, TableGuard, UndoEntry } from "./state-table.ts";

/** Hears of values that came back into a table by a rollback. */
export type ValueReturned = (table: StateTable, column: number, slot: number) => void;

/**
 * The undo journal of a backend's state: what it takes to go back to a mark.
 *
 *   J1  entries are undone newest first, so each finds the state as its change left it
 *   J2  entries name keys, not slots, because a slot may be released and given away in between
 *   J3  a value that may be changed in place is copied before it is handed out
 */
export class StateJournal implements TableGuard {
  readonly #entries: UndoEntry[] = [];
  readonly #returned: ValueReturned;
  #undoing = false;

  constructor(returned: ValueReturned) {
    this.#returned = returned;
  }

  /** A point that `rollback` can go back to. */
  mark(): number {
    return this.#entries.length;
  }

  /** Takes back every change since `mark`. */
  rollback(mark = 0): void {
    assert(mark <= this.#entries.length, "J1: the mark is not newer than the journal");
    this.#undoing = true;
    while (this.#entries.length > mark) this.#entries.pop()?.undo();
    this.#undoing = false;
  }

  /** Keeps the changes since `mark`; they can still be taken back by an earlier mark. */
  release(mark = 0): void {
    if (mark === 0) this.#entries.length = 0;
  }

  record(entry: UndoEntry): void {
    if (!this.#undoing) this.#entries.push(entry);
  }

  beforeRead(table: StateTable, column: number, slot: number, value: unknown): void {
    if (this.#undoing || typeof value !== "object" || value === null) return;
    this.#push(table, column, slot, deepCopy(value));
  }

  beforeWrite(table: StateTable, column: number, slot: number): void {
    if (!this.#undoing) this.#push(table, column, slot, table.peek(column, slot));
  }

  beforeChange(table: StateTable, column: number, slot: number): void {
    if (!this.#undoing) this.#push(table, column, slot, deepCopy(table.peek(column, slot)));
  }

  #push(table: StateTable, column: number, slot: number, value: unknown): void {
    this.#entries.push(new ValueEntry(table, column, table.identity(slot), value, this.#returned));
  }
}

class ValueEntry implements UndoEntry {
  readonly #table: StateTable;
  readonly #column: number;
  readonly #identity: KeyIdentity;
  readonly #value: unknown;
  readonly #returned: ValueReturned;

  constructor(
    table: StateTable,
    column: number,
    identity: KeyIdentity,
    value: unknown,
    returned: ValueReturned,
  ) {
    this.#table = table;
    this.#column = column;
    this.#identity = identity;
    this.#value = value;
    this.#returned = returned;
  }

  undo(): void {
    const slot = this.#table.slot(this.#identity);
    if (this.#value === undefined) this.#table.remove(this.#column, slot);
    else {
      this.#table.set(this.#column, slot, this.#value);
      this.#returned(this.#table, this.#column, slot);
    }
  }
}
