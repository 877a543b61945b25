import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyIdentity } from "../../../core/record/index.ts";
import { StateScope, StateTable } from "../../../core/state/index.ts";
import type { SweepList } from "../../../core/state/state-table.ts";

const COLUMNS = 3;

type Step =
  | { readonly kind: "set"; readonly key: KeyIdentity; readonly column: number }
  | { readonly kind: "remove"; readonly key: KeyIdentity; readonly column: number }
  | { readonly kind: "removeKey"; readonly key: KeyIdentity }
  | { readonly kind: "snapshot"; readonly full: boolean }
  | { readonly kind: "sweep" };

const key: fc.Arbitrary<KeyIdentity> = fc.oneof(
  fc.integer({ min: 0, max: 8 }),
  fc.constantFrom<KeyIdentity>("a", "1", 1n, true, 0.5, 2 ** 40),
);
const column = fc.integer({ min: 0, max: COLUMNS - 1 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("set"), key, column }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("remove"), key, column }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("removeKey"), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("snapshot"), full: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep") }) },
) as fc.Arbitrary<Step>; // each record's `kind` is a constant of the union

/** A Map of Maps that also knows what the last snapshot held. */
class Model {
  readonly rows = new Map<KeyIdentity, Map<number, number>>();
  readonly persisted = new Set<KeyIdentity>();
  readonly changed = new Set<KeyIdentity>();

  expectSameAs(table: StateTable): void {
    expect(table.size).toBe(this.rows.size);
    for (const [identity, row] of this.rows) {
      const slot = table.find(identity);
      expect(table.isLive(slot)).toBe(true);
      expect(table.identity(slot)).toBe(identity);
      for (let c = 0; c < COLUMNS; c++) expect(table.get(c, slot)).toBe(row.get(c));
    }
    const live = table.liveSlots().map((slot) => table.identity(slot));
    expect(new Set(live)).toEqual(new Set(this.rows.keys()));
    expect(live.length).toBe(this.rows.size);
  }

  /** Keys that an incremental snapshot must write: changed ones, less those it never heard of. */
  toWrite(): Set<KeyIdentity> {
    return new Set([...this.changed].filter((k) => this.rows.has(k) || this.persisted.has(k)));
  }

  snapshotTaken(full: boolean): void {
    for (const k of full ? this.persisted : this.changed) {
      if (!this.rows.has(k)) this.persisted.delete(k);
    }
    for (const k of this.rows.keys()) this.persisted.add(k);
    this.changed.clear();
  }
}

function apply(done: Step, at: number, table: StateTable, model: Model): void {
  if (done.kind === "snapshot") {
    const slots = table.changedSlots();
    expect(new Set(slots).size).toBe(slots.length);
    expect(new Set(slots.map((slot) => table.identity(slot)))).toEqual(model.toWrite());
    table.snapshotTaken(done.full);
    model.snapshotTaken(done.full);
    expect(table.hasChanges).toBe(false);
  } else if (done.kind === "sweep") table.sweep();
  else if (done.kind === "set") {
    table.set(done.column, table.slot(done.key), at);
    const row = model.rows.get(done.key) ?? new Map<number, number>();
    model.rows.set(done.key, row.set(done.column, at));
    model.changed.add(done.key);
  } else remove(done, table, model);
}

function remove(
  done: Step & { readonly kind: "remove" | "removeKey" },
  table: StateTable,
  model: Model,
): void {
  const slot = table.find(done.key);
  const row = model.rows.get(done.key);
  if (slot >= 0 && done.kind === "remove") table.remove(done.column, slot);
  if (slot >= 0 && done.kind === "removeKey") table.removeKey(slot);
  const removed = done.kind === "removeKey" ? row !== undefined : row?.delete(done.column);
  if (removed === true) model.changed.add(done.key);
  if (done.kind === "removeKey" || row?.size === 0) model.rows.delete(done.key);
}

describe("a state table", () => {
  test("holds what a Map of Maps holds, and knows what a snapshot must write", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const table = new StateTable(null, COLUMNS);
        const model = new Model();
        steps.forEach((each, at) => {
          apply(each, at, table, model);
          model.expectSameAs(table);
        });
      }),
      { numRuns: 500 },
    );
  });

  test("uses slots of removed keys again, once the snapshot knows of their removal", () => {
    const table = new StateTable(null, 1);
    for (let k = 0; k < 100; k++) table.set(0, table.slot(k), k);
    table.snapshotTaken(true);
    for (let k = 0; k < 100; k++) table.removeKey(table.find(k));
    table.sweep();
    expect(table.find(7)).toBeGreaterThanOrEqual(0);
    table.snapshotTaken(false);
    expect(table.find(7)).toBe(-1);
    for (let k = 100; k < 200; k++) table.set(0, table.slot(k), k);
    expect(table.slotsEnd).toBe(100);
  });

  test("asks to be swept when keys come and go and no snapshot is taken", () => {
    const sweepList: SweepList = { tables: [] };
    const table = new StateTable(null, 1, sweepList);
    let most = 0;
    for (let k = 0; k < 20_000; k++) {
      const slot = table.slot(k);
      table.set(0, slot, k);
      table.remove(0, slot);
      for (const due of sweepList.tables.splice(0)) due.sweep();
      most = Math.max(most, table.slotsEnd);
    }
    expect(most).toBeLessThan(2_000);
  });

  test("shows a scope that its slot was given away", () => {
    const table = new StateTable(null, 1);
    const scope = new StateScope(table);
    scope.enter(table, "a");
    table.set(0, scope.slotForWrite(), 1);
    table.remove(0, scope.find());
    table.sweep();
    table.set(0, table.slot("b"), 2);
    table.set(0, scope.slotForWrite(), 3);
    expect(table.get(0, table.find("a"))).toBe(3);
    expect(table.get(0, table.find("b"))).toBe(2);
  });

  test("keeps the state of columns that were added later apart", () => {
    const table = new StateTable("w", 1);
    table.set(0, table.slot("a"), 1);
    table.addColumn();
    table.set(1, table.slot("b"), 2);
    expect(table.get(1, table.find("a"))).toBeUndefined();
    expect(table.get(0, table.find("b"))).toBeUndefined();
  });
});
