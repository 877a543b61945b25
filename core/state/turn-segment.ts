import {
  ByteReader,
  type ByteWriter,
  beginEnvelope,
  decodeColumn,
  encodeColumn,
  endEnvelope,
  keepScratch,
  keyGroup,
  open,
  takeScratch,
} from "../record/index.ts";
import type { KeyIdentity } from "../record/key.ts";
import type { Column, ColumnKind } from "./columns.ts";
import { type ReadBlock, damaged, readBlock, writeBlock } from "./keyed-block.ts";
import type { KeyedFileColumn, KeyedFileFooter, NamespaceTimer } from "./keyed-file.ts";
import type { KeyedTables } from "./keyed-tables.ts";
import type { KeyGroupsOwned } from "./keyed-snapshot.ts";
import type { StateTable } from "./state-table.ts";
import { type TtlColumn, dropExpired } from "./ttl.ts";

/**
 * What one turn of a function changed in keyed state. It says what a segment of a keyed state file
 * says (F3, F4), but nobody reads it by ranges: one envelope, first what a file has in its footer,
 * then a block per namespace with the rows of all key groups. A file with a section per group would
 * be mostly headers, and take several times as long to write (`bench/functions/overhead.ts`).
 */
const VERSION = 1;

/** The byte of an envelope that holds its kind. */
const KIND_AT = 4;
const TURN_KIND = 8;

/** Persisted by place: a kind never changes its place. */
const COLUMN_KINDS: readonly ColumnKind[] = [
  "value",
  "list",
  "map",
  "reducing",
  "aggregating",
  "timers",
  "access",
];

export interface TurnSegment {
  /** As of a file; its sections are empty. */
  readonly footer: KeyedFileFooter;
  readonly blocks: readonly ReadBlock[];
}

/** Writes what changed since the last snapshot and clears the marks of what changed. */
export function writeTurnSegment(
  tables: KeyedTables,
  owned: KeyGroupsOwned,
  ttls: readonly TtlColumn[],
): Uint8Array {
  const written = tables.all().filter((table) => table.hasChanges);
  const columns = tables.columns.all.filter(({ discarded }) => !discarded);
  const out = takeScratch();
  const start = beginEnvelope("keyedTurn", VERSION, out);
  writeHead(tables, owned, columns, out);
  for (const table of written) writeTable(table, columns, ttls, out);
  endEnvelope(start, out);
  const bytes = out.toBytes();
  keepScratch(out);
  for (const table of written) table.snapshotTaken(false);
  for (const timers of tables.timers) timers.snapshotTaken();
  tables.droppedPersisted();
  return bytes;
}

function writeHead(
  tables: KeyedTables,
  owned: KeyGroupsOwned,
  columns: readonly Column[],
  out: ByteWriter,
): void {
  out.writeVarint(owned.maxParallelism);
  out.writeVarint(owned.firstKeyGroup);
  out.writeVarint(owned.lastKeyGroup);
  out.writeVarint(columns.length);
  for (const { name, kind, version } of columns) {
    out.writeString(name);
    out.writeByte(COLUMN_KINDS.indexOf(kind));
    out.writeVarint(version);
  }
  encodeColumn([...tables.dropped], out);
  for (const timers of tables.timers) {
    const entries = timers.entries();
    encodeColumn(
      entries.map(([namespace]) => namespace),
      out,
    );
    encodeColumn(
      entries.map(([, time]) => time),
      out,
    );
  }
}

/** Expired values are dropped first. */
function writeTable(
  table: StateTable,
  columns: readonly Column[],
  ttls: readonly TtlColumn[],
  out: ByteWriter,
): void {
  for (const ttl of ttls) for (const slot of table.changedSlots()) dropExpired(ttl, table, slot);
  const live: number[] = [];
  const keys: KeyIdentity[] = [];
  const tombstones: KeyIdentity[] = [];
  for (const slot of table.changedSlots()) {
    if (table.isLive(slot)) {
      live.push(slot);
      keys.push(table.identity(slot));
    } else tombstones.push(table.identity(slot));
  }
  const values = columns.map(({ index }) => table.valuesAt(index, live));
  const rows = { keys, columns: values };
  writeBlock(
    { namespace: table.namespace, rows, from: 0, to: live.length, tombstones },
    columns,
    out,
  );
}

export function isTurnSegment(file: Uint8Array): boolean {
  return file[KIND_AT] === TURN_KIND;
}

/** Reads what `writeTurnSegment` wrote, as far as it belongs to the key groups of `owned`. */
export function readTurnSegment(file: Uint8Array, owned: KeyGroupsOwned): TurnSegment {
  const reader = new ByteReader(open(file, "keyedTurn", { versionMax: VERSION }).body);
  const footer = readHead(reader);
  const blocks: ReadBlock[] = [];
  while (reader.remaining > 0) {
    const block = readBlock(reader, footer.columns.length);
    blocks.push(ownedRows(block, footer, owned, reader));
  }
  return { footer, blocks };
}

function readHead(reader: ByteReader): KeyedFileFooter {
  const maxParallelism = reader.readVarint();
  const firstKeyGroup = reader.readVarint();
  const lastKeyGroup = reader.readVarint();
  const columns: KeyedFileColumn[] = [];
  for (let left = reader.readCount("columns", 3); left > 0; left -= 1) {
    const name = reader.readString();
    const kind = COLUMN_KINDS[reader.readByte()];
    if (kind === undefined) throw damaged(`the kind of column ${name} is unknown`, reader);
    columns.push({ name, kind, version: reader.readVarint() });
  }
  return {
    maxParallelism,
    firstKeyGroup,
    lastKeyGroup,
    columns,
    // Our own encoder wrote these, and the envelope vouches for the bytes.
    dropped: decodeColumn(reader) as (string | number)[],
    eventTimers: readTimers(reader),
    processingTimers: readTimers(reader),
    sections: [],
  };
}

function readTimers(reader: ByteReader): readonly NamespaceTimer[] {
  const namespaces = decodeColumn(reader) as (string | number)[]; // as in `readHead`
  const times = decodeColumn(reader) as number[]; // as in `readHead`
  if (times.length !== namespaces.length) throw damaged("a timer misses its time", reader);
  return namespaces.map((namespace, index) => [namespace, times[index] as number]);
}

/** A block without the rows of key groups that are not owned. */
function ownedRows(
  block: ReadBlock,
  written: KeyGroupsOwned,
  owned: KeyGroupsOwned,
  reader: ByteReader,
): ReadBlock {
  const groupOf = (key: KeyIdentity): number => {
    const group = keyGroup(key, written.maxParallelism);
    if (isIn(group, written)) return group;
    throw damaged(`a key is of key group ${group}, which its writer does not own`, reader);
  };
  const { namespace, keys, columns } = block;
  const tombstones = block.tombstones.filter((key) => isIn(groupOf(key), owned));
  const rows: number[] = [];
  keys.forEach((key, row) => {
    if (isIn(groupOf(key), owned)) rows.push(row);
  });
  if (rows.length === keys.length) return { namespace, keys, columns, tombstones };
  return {
    namespace,
    keys: rows.map((row) => keys[row] as KeyIdentity),
    columns: columns.map((values) => (values === null ? null : rows.map((row) => values[row]))),
    tombstones,
  };
}

function isIn(group: number, { firstKeyGroup, lastKeyGroup }: KeyGroupsOwned): boolean {
  return group >= firstKeyGroup && group <= lastKeyGroup;
}
