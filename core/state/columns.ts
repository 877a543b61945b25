import { JobError, RestoreError, UsageError, show } from "../errors.ts";
import { isName } from "../ids.ts";
import type { StateDescriptor } from "./descriptor.ts";

/** `timers`: hidden, due times per key. `access`: hidden, last access of a column with TTL. */
export type ColumnKind = StateDescriptor["kind"] | "timers" | "access";

/** A column of every table of a backend. */
export interface Column {
  readonly index: number;
  readonly name: string;
  readonly kind: ColumnKind;
  /** Schema version of the values as they are in memory. */
  version: number;
  /** Null for hidden columns, and for restored state that nobody has declared yet. */
  descriptor: StateDescriptor | null;
  /** The index of the column with the last accesses, -1 without TTL. */
  access: number;
  /** Restored state that was given up: without values, and in no snapshot. */
  discarded: boolean;
}

/** Turns a stored value of an older schema version into one of the declared version. */
export type Migration = (value: unknown) => unknown;

/**
 * The columns of a backend, by index and by name.
 *
 *   C1  a name stands for one column; hidden names begin with a colon, which no declared name can
 *   C2  indexes never change, so that handles and tables may keep them
 */
export class Columns {
  readonly #columns: Column[] = [];
  readonly #byName = new Map<string, Column>();

  get all(): readonly Column[] {
    return this.#columns;
  }

  find(name: string): Column | null {
    return this.#byName.get(name) ?? null;
  }

  at(index: number): Column {
    return this.#columns[index] as Column;
  }

  add(name: string, kind: ColumnKind, version: number): Column {
    const column: Column = {
      index: this.#columns.length,
      name,
      kind,
      version,
      descriptor: null,
      access: -1,
      discarded: false,
    };
    this.#columns.push(column);
    this.#byName.set(name, column);
    return column;
  }
}

/** The name of the hidden column with the last accesses of `name`. */
export function accessName(name: string): string {
  return `:access:${name}`;
}

export function isHidden(column: Column): boolean {
  return column.name.startsWith(":");
}

/** Whether the column holds restored state that nobody has declared yet. */
export function isUnclaimed(column: Column): boolean {
  return column.descriptor === null && !column.discarded && !isHidden(column);
}

/** The schema version that a descriptor declares; 1 when it says nothing. */
export function declaredVersion(descriptor: StateDescriptor): number {
  const version = descriptor.version ?? 1;
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw new UsageError(
    `state ${descriptor.name}: version is no positive integer (got ${show(version)})`,
    { code: "STATE_VERSION", hint: "count schema versions 1, 2, 3, ..." },
  );
}

/** Refuses names that cannot be persisted. */
export function checkStateName(name: string): void {
  if (typeof name === "string" && isName(name)) return;
  throw new UsageError(`state name cannot be used (got ${show(name)})`, {
    code: "STATE_NAME",
    hint: "use letters, digits and . _ -, at most 128, beginning with a letter or digit",
  });
}

export function duplicateState(name: string): JobError {
  return new JobError(`two states of one operator have the name ${show(name)}`, {
    code: "STATE_DUPLICATE_NAME",
    hint: "give each state its own name, or share one descriptor",
  });
}

/** Refuses to read stored state of one kind as another. */
export function checkKind(name: string, stored: ColumnKind, declared: ColumnKind): void {
  if (stored === declared) return;
  throw new RestoreError(`state ${name}: stored as ${stored} state, declared as ${declared}`, {
    code: "RESTORE_STATE_KIND",
    hint: `declare it as ${stored} state, or give the new state another name`,
  });
}

/** What brings values of version `stored` to the declared one; null when they fit as they are. */
export function migration(descriptor: StateDescriptor, stored: number): Migration | null {
  const declared = declaredVersion(descriptor);
  if (stored === declared) return null;
  const steps: Migration[] = [];
  for (let version = stored; version < declared; version++) {
    const step = descriptor.migrate?.[version];
    if (step === undefined) throw noMigration(descriptor.name, stored, declared, version);
    // The chain's types are the user's promise: `migrate[v]` takes what version v stored.
    steps.push(step as Migration);
  }
  if (stored > declared) throw noMigration(descriptor.name, stored, declared, stored);
  return migrateContents(descriptor.kind, (value) => steps.reduce((old, step) => step(old), value));
}

/** Lists and maps migrate element by element. */
function migrateContents(kind: StateDescriptor["kind"], one: Migration): Migration {
  if (kind === "list") return (list) => (list as readonly unknown[]).map(one);
  if (kind !== "map") return one;
  return (map) => {
    const migrated = new Map<unknown, unknown>();
    for (const [key, value] of map as Map<unknown, unknown>) migrated.set(key, one(value));
    return migrated;
  };
}

function noMigration(name: string, stored: number, declared: number, from: number): RestoreError {
  const hint =
    stored > declared
      ? "run the newer version of the job, or restore an older checkpoint"
      : `add migrate: { ${from}: (old) => ... } to the state's descriptor`;
  return new RestoreError(
    `state ${name}: stored with schema version ${stored}, declared with version ${declared}`,
    { code: "RESTORE_STATE_VERSION", hint },
  );
}
