import { durationMs } from "../duration.ts";
import { UsageError } from "../errors.ts";
import type { Clock } from "../ports/index.ts";
import { addMs } from "../timestamp.ts";
import type { StateDescriptor, TtlConfig } from "./descriptor.ts";
import type { StateTable } from "./state-table.ts";

/** A time to live, resolved: when a value is expired and what counts as access (semantics 16). */
export class TtlRule {
  readonly onRead: boolean;
  readonly returnExpired: boolean;
  readonly #ttlMs: number;
  readonly #clock: Clock;

  constructor(name: string, ttl: TtlConfig, clock: Clock) {
    const { update = "write", returnExpired = false, ...duration } = ttl;
    this.onRead = update === "readAndWrite";
    this.returnExpired = returnExpired;
    this.#ttlMs = durationMs(duration, `state ${name}: ttl`);
    this.#clock = clock;
    if (this.#ttlMs > 0) return;
    throw new UsageError(`state ${name}: ttl is 0 ms`, {
      code: "STATE_TTL",
      hint: "give a time such as { hours: 1 }, or leave ttl out to keep values for ever",
    });
  }

  now(): number {
    return this.#clock.now();
  }

  expired(lastAccess: number, now: number): boolean {
    return addMs(lastAccess, this.#ttlMs) <= now;
  }
}

/** A column with TTL and what says when its values expire. */
export interface TtlColumn {
  readonly kind: StateDescriptor["kind"];
  /** The column of the values. */
  readonly column: number;
  /** The column of the last accesses: a number, per element of a list, per entry of a map. */
  readonly access: number;
  readonly rule: TtlRule;
}

/** Drops what is expired of one key, so that a snapshot does not carry it on. */
export function dropExpired(ttl: TtlColumn, table: StateTable, slot: number): void {
  const value = table.peek(ttl.column, slot);
  const access = table.peek(ttl.access, slot);
  if (value === undefined || access === undefined) return;
  // Which of the three an access column holds follows from the kind of its state.
  if (ttl.kind === "list") {
    dropElements(ttl, table, slot, value as unknown[], access as number[]);
  } else if (ttl.kind === "map") {
    dropEntries(ttl, table, slot, value as Map<unknown, unknown>, access as Map<unknown, number>);
  } else if (ttl.rule.expired(access as number, ttl.rule.now())) {
    removeBoth(ttl, table, slot);
  }
}

export function removeBoth(ttl: TtlColumn, table: StateTable, slot: number): void {
  table.remove(ttl.column, slot);
  table.remove(ttl.access, slot);
}

/** Keeps the elements that live; false when all do. */
export function dropElements(
  ttl: TtlColumn,
  table: StateTable,
  slot: number,
  elements: readonly unknown[],
  times: readonly number[],
): boolean {
  const now = ttl.rule.now();
  const lives = (_: unknown, index: number): boolean =>
    !ttl.rule.expired(times[index] as number, now);
  const kept = elements.filter(lives);
  if (kept.length === elements.length) return false;
  if (kept.length === 0) removeBoth(ttl, table, slot);
  else {
    table.set(ttl.column, slot, kept);
    table.set(ttl.access, slot, times.filter(lives));
  }
  return true;
}

/** Keeps the entries that live. */
export function dropEntries(
  ttl: TtlColumn,
  table: StateTable,
  slot: number,
  map: Map<unknown, unknown>,
  times: Map<unknown, number>,
): void {
  const now = ttl.rule.now();
  const expired = [...times].filter(([, at]) => ttl.rule.expired(at, now));
  if (expired.length === 0) return;
  if (expired.length === map.size) {
    removeBoth(ttl, table, slot);
    return;
  }
  table.touch(ttl.column, slot);
  table.touch(ttl.access, slot);
  for (const [key] of expired) {
    map.delete(key);
    times.delete(key);
  }
}
