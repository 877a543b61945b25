/**
 * What stands around everything that Millrace persists or sends (L6). The layout never changes;
 * another one would get another magic:
 *
 *   magic      4 bytes   8d "MLR"
 *   kind       1 byte    what the body is, `envelopeKinds`
 *   version    1 byte    format version of the body, from 1
 *   length     4 bytes   of the body, little-endian
 *   body
 *   checksum   4 bytes   CRC-32C of everything before it, little-endian
 *
 *   E1  nothing of a body is used before the checksum of the whole was found right
 *   E2  an envelope is exactly as long as its header says: nothing is missing, nothing follows
 */
import { assert } from "../assert.ts";
import { DataError, LimitError } from "../errors.ts";
import { limits } from "../limits.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { crc32c } from "./crc32c.ts";

/** Persisted: a number never changes its meaning. */
export const envelopeKinds = {
  /** 1 was another form of messages, which nothing ever sent. */
  metadata: 2,
  keyedState: 3,
  operatorState: 4,
  ledgerEntry: 5,
  keyedPack: 6,
  message: 7,
  keyedTurn: 8,
} as const;

export type EnvelopeKind = keyof typeof envelopeKinds;

export interface OpenedEnvelope {
  readonly version: number;
  /** Lies in the bytes that were given: copy what is to outlive them. */
  readonly body: Uint8Array;
}

export interface OpenOptions {
  /** The newest format version of the body that the caller reads. */
  readonly versionMax: number;
  /** Limit of the body; `frameBytesMax` unless said otherwise. */
  readonly bytesMax?: number;
}

const MAGIC = 0x524c4d8d;
const HEADER_BYTES = 10;
const CHECKSUM_BYTES = 4;
const VERSION_MAX = 255;

/** Puts a body into an envelope. */
export function seal(kind: EnvelopeKind, version: number, body: Uint8Array): Uint8Array {
  const writer = new ByteWriter(body.length + HEADER_BYTES + CHECKSUM_BYTES);
  const start = beginEnvelope(kind, version, writer);
  writer.writeBytes(body);
  endEnvelope(start, writer);
  return writer.toBytes();
}

/** Writes a header; the body follows. Gives what `endEnvelope` wants. */
export function beginEnvelope(kind: EnvelopeKind, version: number, writer: ByteWriter): number {
  assert(version >= 1 && version <= VERSION_MAX, "a format version is 1 to 255");
  const start = writer.length;
  writer.writeU32(MAGIC);
  writer.writeByte(envelopeKinds[kind]);
  writer.writeByte(version);
  writer.writeU32(0);
  return start;
}

/** Fills in the length and appends the checksum. A body over 4 GiB is a LimitError. */
export function endEnvelope(start: number, writer: ByteWriter): void {
  const length = writer.length - start - HEADER_BYTES;
  checkBody(length, 0xffff_ffff);
  writer.patchU32(start + 6, length);
  writer.writeU32(crc32c(writer.room, start, writer.length));
}

/**
 * The body of an envelope of the kind `expected`. Bytes that are none of Millrace, cut short, too
 * long, damaged, of another kind or of a newer format each are a DataError with a code of its own.
 *
 * @example const { body, version } = open(bytes, "metadata", { versionMax: 1 });
 */
export function open(
  bytes: Uint8Array,
  expected: EnvelopeKind,
  options: OpenOptions,
): OpenedEnvelope {
  const length = bodyLength(bytes, expected, options.bytesMax ?? limits.frameBytesMax);
  const end = HEADER_BYTES + length;
  const stored = new ByteReader(bytes, end).readU32();
  const computed = crc32c(bytes, 0, end);
  if (stored !== computed) throw flipped(stored, computed, expected);
  const kind = bytes[4] as number;
  if (kind !== envelopeKinds[expected]) throw wrongKind(kind, expected);
  const version = bytes[5] as number;
  if (version > options.versionMax) throw newer(version, options.versionMax, expected);
  return { version, body: bytes.subarray(HEADER_BYTES, end) };
}

function bodyLength(bytes: Uint8Array, expected: EnvelopeKind, bytesMax: number): number {
  const reader = new ByteReader(bytes);
  if (!beginsWithMagic(bytes)) throw foreign(bytes, expected);
  if (bytes.length < HEADER_BYTES) throw cutShort(HEADER_BYTES, bytes.length, expected);
  reader.readBytes(6);
  const length = reader.readU32();
  checkBody(length, bytesMax);
  const whole = HEADER_BYTES + length + CHECKSUM_BYTES;
  if (bytes.length < whole) throw cutShort(whole, bytes.length, expected);
  if (bytes.length > whole) throw tooLong(whole, bytes.length, expected);
  return length;
}

/** Also true for the first bytes of the magic alone, which are truncated rather than foreign. */
function beginsWithMagic(bytes: Uint8Array): boolean {
  for (let i = 0; i < Math.min(4, bytes.length); i++) {
    if (bytes[i] !== ((MAGIC >>> (8 * i)) & 0xff)) return false;
  }
  return true;
}

function checkBody(length: number, bytesMax: number): void {
  if (length <= bytesMax) return;
  throw new LimitError(`a body has ${length} bytes, at most ${bytesMax} are allowed`, {
    code: "ENVELOPE_TOO_LARGE",
    hint: "raise the limit if the file is yours and whole, else read it from a good copy",
  });
}

function foreign(bytes: Uint8Array, expected: EnvelopeKind): DataError {
  const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
  return new DataError(`not a Millrace ${expected}: it begins with ${start.join(" ")}`, {
    code: "ENVELOPE_FOREIGN",
    hint: "check the name of the file; it was written by something else",
  });
}

function cutShort(whole: number, length: number, expected: EnvelopeKind): DataError {
  return new DataError(`a ${expected} is cut short: ${length} of ${whole} bytes are there`, {
    code: "ENVELOPE_TRUNCATED",
    hint: "the write was not finished; use the one before",
  });
}

function tooLong(whole: number, length: number, expected: EnvelopeKind): DataError {
  return new DataError(`${length - whole} bytes follow a ${expected} of ${whole} bytes`, {
    code: "ENVELOPE_TRAILING",
    hint: "the file was appended to or damaged; use the one before",
  });
}

function flipped(stored: number, computed: number, expected: EnvelopeKind): DataError {
  return new DataError(
    `a ${expected} is damaged: its checksum is ${hex(computed)}, written was ${hex(stored)}`,
    {
      code: "ENVELOPE_CHECKSUM",
      hint: "bits were flipped in storage or on the way; use the one before",
    },
  );
}

function wrongKind(kind: number, expected: EnvelopeKind): DataError {
  const name = Object.entries(envelopeKinds).find((entry) => entry[1] === kind)?.[0];
  return new DataError(`a ${expected} was expected (got ${name ?? `kind ${kind}`})`, {
    code: "ENVELOPE_KIND",
    hint: "check the name of the file",
  });
}

function newer(version: number, versionMax: number, expected: EnvelopeKind): DataError {
  return new DataError(
    `a ${expected} has format ${version}, this Millrace reads up to ${versionMax}`,
    { code: "ENVELOPE_NEWER", hint: "run the version of Millrace that wrote it, or a later one" },
  );
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
