import type { Cell } from "./cell.ts";
import type { StateScope } from "./state-scope.ts";
import { type TtlColumn, removeBoth } from "./ttl.ts";

/** A cell whose value expires. */
export class TtlCell implements Cell {
  readonly #scope: StateScope;
  readonly #ttl: TtlColumn;

  constructor(scope: StateScope, ttl: TtlColumn) {
    this.#scope = scope;
    this.#ttl = ttl;
  }

  read(): unknown {
    const ttl = this.#ttl;
    const slot = this.#scope.find();
    if (slot < 0) return undefined;
    const table = this.#scope.table;
    const value = table.get(ttl.column, slot);
    if (value === undefined) return undefined;
    const now = ttl.rule.now();
    // Without last access the value comes from a snapshot taken without TTL: it starts to age now.
    const access = table.peek(ttl.access, slot) as number | undefined;
    if (access !== undefined && ttl.rule.expired(access, now)) {
      removeBoth(ttl, table, slot);
      return ttl.rule.returnExpired ? value : undefined;
    }
    if (ttl.rule.onRead || access === undefined) table.set(ttl.access, slot, now);
    return value;
  }

  write(value: unknown): void {
    const table = this.#scope.table;
    const slot = this.#scope.slotForWrite();
    table.set(this.#ttl.column, slot, value);
    table.set(this.#ttl.access, slot, this.#ttl.rule.now());
  }

  clear(): void {
    const slot = this.#scope.find();
    if (slot >= 0) removeBoth(this.#ttl, this.#scope.table, slot);
  }
}
