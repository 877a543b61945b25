import { DataError } from "../errors.ts";
import {
  ByteReader,
  type ByteWriter,
  beginEnvelope,
  decodeValue,
  encodeValue,
  endEnvelope,
  keepScratch,
  open,
  takeScratch,
} from "../record/index.ts";
import type { ColumnKind } from "./columns.ts";
import { damaged } from "./keyed-block.ts";

/**
 * A keyed state file: sections in the order of key groups, then the footer, then where the footer
 * lies. So a rescale reads the last bytes, the footer, and the sections of its own key groups.
 *
 *   F1  each section, and the footer, is sealed for itself: a ranged read is checked like a whole one
 *   F2  the footer names every column of the file; sections refer to columns by place in it
 *   F3  a base has every row; a segment has the rows changed since the file before it, tombstones
 *       for removed keys, and namespaces that were dropped before these rows were written
 *   F4  namespace timers are written whole in every file: those of the newest file count
 *   F5  a file with `whole` has every row of those key groups: when every key group was written whole
 *        in later files, an older file and all before it are not needed
 */
const VERSION = 1;
/** The first byte of a part says what it is, so that a part is not taken for another. */
const SECTION = 1;
const FOOTER = 2;

/** Bytes at the end of a file that say where its footer lies. */
export const TRAILER_BYTES = 12;

export interface KeyedFileColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Schema version of the values. */
  readonly version: number;
}

export interface KeyedFileSection {
  readonly group: number;
  readonly offset: number;
  readonly length: number;
}

export type NamespaceTimer = readonly [namespace: string | number, timestamp: number];

/** What a file says of itself. */
export interface KeyedFileFooter {
  readonly maxParallelism: number;
  /** Key groups of the subtask that wrote it, both ends included. */
  readonly firstKeyGroup: number;
  readonly lastKeyGroup: number;
  /** Key groups that the file has every row of, both ends included; not in a segment. */
  readonly whole?: readonly [first: number, last: number];
  readonly columns: readonly KeyedFileColumn[];
  readonly dropped: readonly (string | number)[];
  readonly eventTimers: readonly NamespaceTimer[];
  readonly processingTimers: readonly NamespaceTimer[];
  /** Ascending by key group; groups without rows are left out. */
  readonly sections: readonly KeyedFileSection[];
}

/** Writes a file section by section. */
export class KeyedFileWriter {
  readonly #out = takeScratch();
  readonly #sections: KeyedFileSection[] = [];

  /** Begins the section of a key group; what `write` puts into the writer is its contents. */
  section(group: number, write: (out: ByteWriter) => void): void {
    const offset = beginEnvelope("keyedState", VERSION, this.#out);
    this.#out.writeByte(SECTION);
    this.#out.writeVarint(group);
    write(this.#out);
    endEnvelope(offset, this.#out);
    this.#sections.push({ group, offset, length: this.#out.length - offset });
  }

  finish(footer: Omit<KeyedFileFooter, "sections">): Uint8Array {
    const offset = beginEnvelope("keyedState", VERSION, this.#out);
    this.#out.writeByte(FOOTER);
    encodeValue({ ...footer, sections: this.#sections }, this.#out);
    endEnvelope(offset, this.#out);
    const length = this.#out.length - offset;
    this.#out.writeF64(offset);
    this.#out.writeU32(length);
    const bytes = this.#out.toBytes();
    keepScratch(this.#out);
    return bytes;
  }
}

/** Where the footer lies, from the last `TRAILER_BYTES` of a file. */
export function footerRange(trailer: Uint8Array): {
  readonly offset: number;
  readonly length: number;
} {
  const reader = new ByteReader(trailer);
  if (trailer.length !== TRAILER_BYTES) throw damaged("the file is cut short", reader);
  const offset = reader.readF64();
  if (!Number.isSafeInteger(offset) || offset < 0) throw damaged("no footer", reader);
  return { offset, length: reader.readU32() };
}

/** Reads the footer from its bytes. */
export function parseKeyedFooter(bytes: Uint8Array): KeyedFileFooter {
  const reader = openPart(bytes, FOOTER);
  const footer = decodeValue(reader);
  reader.expectEnd();
  if (!isFooter(footer)) throw damaged("the footer misses fields", reader);
  return footer;
}

/** The footer of a whole file. */
export function readKeyedFooter(file: Uint8Array): KeyedFileFooter {
  const trailerAt = file.length - TRAILER_BYTES;
  const { offset, length } = footerRange(file.subarray(Math.max(trailerAt, 0)));
  if (offset + length !== trailerAt) throw notAFile(file.length);
  return parseKeyedFooter(file.subarray(offset, trailerAt));
}

/** The contents of the section of `group` from its bytes. */
export function openSection(sealed: Uint8Array, group: number): ByteReader {
  const reader = openPart(sealed, SECTION);
  const found = reader.readVarint();
  if (found !== group) throw damaged(`key group ${found} in the place of ${group}`, reader);
  return reader;
}

function openPart(sealed: Uint8Array, part: number): ByteReader {
  const reader = new ByteReader(open(sealed, "keyedState", { versionMax: VERSION }).body);
  const found = reader.readByte();
  if (found !== part) throw damaged(`part ${found} in the place of ${part}`, reader);
  return reader;
}

function isFooter(value: unknown): value is KeyedFileFooter {
  if (typeof value !== "object" || value === null) return false;
  const footer = value as Partial<KeyedFileFooter>; // fields are looked at one by one
  return (
    typeof footer.maxParallelism === "number" &&
    typeof footer.firstKeyGroup === "number" &&
    typeof footer.lastKeyGroup === "number" &&
    Array.isArray(footer.columns) &&
    Array.isArray(footer.dropped) &&
    Array.isArray(footer.eventTimers) &&
    Array.isArray(footer.processingTimers) &&
    Array.isArray(footer.sections)
  );
}

function notAFile(length: number): DataError {
  return new DataError(`keyed state: ${length} bytes are no whole file`, {
    code: "STATE_FILE_DAMAGED",
    hint: "restore from another checkpoint",
  });
}
