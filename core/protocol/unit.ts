import type { KeyedFileRef } from "../checkpoint/snapshot.ts";
import type { CallScope } from "../ports/index.ts";
import type { MetricRegistry } from "../runtime/metric-registry.ts";
import type { Budget } from "../time/index.ts";
import type { CarriedState, SinceCarried } from "./carried-state.ts";
import type { Control } from "./control.ts";
import type { Inbox } from "./inbox.ts";
import type { KeyedBase } from "./ledger-entry.ts";
import type { BodyWriter } from "./message.ts";
import type { Effect } from "./outbox.ts";
import type { Sections, SectionChange } from "./sections.ts";

/** What a unit is made from: its state at a committed version. */
export interface UnitState {
  readonly version: number;
  readonly sections: Sections;
  readonly files: readonly KeyedBase[];
  /** Entries since the newest base entry. */
  readonly entriesSinceBase: number;
  /** Keyed state that the unit goes on with; null: it is made from all files. */
  readonly carried: SinceCarried | null;
  /** The bytes of the files that the unit is made from: what came since `carried`, or all. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

/** What one turn is given. */
export interface UnitTurn {
  readonly inbox: Inbox;
  /** The version that the turn will have. */
  readonly version: number;
  /** Processing time of this turn, in milliseconds; `ports.clock` of the engine shows it too. */
  readonly now: number;
  readonly budget: Budget;
  /** Whether the turn may make data: without credit only what is free is taken (P11). */
  readonly credit: boolean;
  readonly scope: CallScope;
  /** The commit id of this try: part of the key of every object it writes (I-OWNER). */
  readonly commitId: string;
}

/** What a turn has made, before it is committed. Nothing of it has happened outside. */
export interface UnitResult {
  readonly changes: readonly SectionChange[];
  readonly effects: readonly Effect[];
  /** By place in the list of peers. */
  readonly outputs: ReadonlyMap<number, BodyWriter>;
  readonly controls: readonly { readonly to: number; readonly control: Control }[];
  /** When the unit wants a turn without input; null: never. Kept as it was if there is no credit. */
  readonly wakeUp: number | null;
  /** The unit did not look: what is armed stays armed. */
  readonly keepsWake: boolean;
  /** Work is left that no message carries (H6). */
  readonly pending: boolean;
  /** By peer: its oldest message of which something is held back (I-HELD). */
  readonly heldFrom: ReadonlyMap<number, number>;
  /** Something to announce: a checkpoint should be taken (I-ACTIVE). */
  readonly active: boolean;
  /** The checkpoint that was cut, 0: none. A cut ends its turn. */
  readonly cut: number;
  /** A file of keyed state that goes into the base entry of this turn; null: no base entry. */
  readonly files: readonly KeyedBase[] | null;
  /** Objects that the entry names, to be written before it. */
  readonly objects: readonly { readonly ref: KeyedFileRef; readonly bytes: Uint8Array }[];
}

/**
 * The live form of a subtask (a task or the coordinator), mutable, in one container. Dropped as
 * soon as a turn of it fails or loses its race: the ledger has the truth.
 *
 *   U1  a unit is used by one turn at a time, and only at the version it was made for or made
 *   U2  `run` has no effect outside the unit but reads (and objects under the commit id)
 */
export interface Unit {
  /** Bytes it holds, roughly, for the cache. */
  readonly bytes: number;
  /** Whether the unit has work that needs no message. */
  readonly pending: boolean;
  /** What its operators counted since it was made. */
  readonly metrics: MetricRegistry;
  run(turn: UnitTurn): Promise<UnitResult>;
  /** Its keyed state as it is now, for the unit that goes on from it once this one is closed. */
  carry(): CarriedState | null;
  /** Frees what it holds outside memory (open files). */
  close(): Promise<void>;
}

export interface UnitFactory {
  create(state: UnitState, scope: CallScope): Promise<Unit>;
}
