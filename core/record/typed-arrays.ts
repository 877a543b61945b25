import { DataError } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { type ByteWriter, checkLength } from "./byte-writer.ts";
import { tags } from "./value-tags.ts";

interface TypedArrayKind {
  readonly tag: number;
  readonly width: number;
  readonly prototype: object;
  readonly make: (buffer: ArrayBuffer) => ArrayBufferView;
}

const kinds: readonly TypedArrayKind[] = [
  {
    tag: tags.uint8Array,
    width: 1,
    prototype: Uint8Array.prototype,
    make: (b) => new Uint8Array(b),
  },
  {
    tag: tags.uint8ClampedArray,
    width: 1,
    prototype: Uint8ClampedArray.prototype,
    make: (b) => new Uint8ClampedArray(b),
  },
  { tag: tags.int8Array, width: 1, prototype: Int8Array.prototype, make: (b) => new Int8Array(b) },
  {
    tag: tags.uint16Array,
    width: 2,
    prototype: Uint16Array.prototype,
    make: (b) => new Uint16Array(b),
  },
  {
    tag: tags.int16Array,
    width: 2,
    prototype: Int16Array.prototype,
    make: (b) => new Int16Array(b),
  },
  {
    tag: tags.uint32Array,
    width: 4,
    prototype: Uint32Array.prototype,
    make: (b) => new Uint32Array(b),
  },
  {
    tag: tags.int32Array,
    width: 4,
    prototype: Int32Array.prototype,
    make: (b) => new Int32Array(b),
  },
  {
    tag: tags.float32Array,
    width: 4,
    prototype: Float32Array.prototype,
    make: (b) => new Float32Array(b),
  },
  {
    tag: tags.float64Array,
    width: 8,
    prototype: Float64Array.prototype,
    make: (b) => new Float64Array(b),
  },
  {
    tag: tags.bigInt64Array,
    width: 8,
    prototype: BigInt64Array.prototype,
    make: (b) => new BigInt64Array(b),
  },
  {
    tag: tags.bigUint64Array,
    width: 8,
    prototype: BigUint64Array.prototype,
    make: (b) => new BigUint64Array(b),
  },
];

const bigEndianHost = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

/** Writes a typed array (not an instance of a class derived from one), or gives false. */
export function encodeTypedArray(value: object, prototype: object, writer: ByteWriter): boolean {
  const kind = kinds.find((one) => one.prototype === prototype);
  if (kind === undefined) return false;
  const view = value as ArrayBufferView; // its prototype says so
  checkLength(view.byteLength, "typed array");
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  writer.writeByte(kind.tag);
  writer.writeVarint(bytes.length);
  writer.writeBytes(bigEndianHost ? reverseElements(bytes, kind.width) : bytes);
  return true;
}

/** The typed array of a tag behind `encodeTypedArray`, or null when the tag is none of one. */
export function decodeTypedArray(tag: number, reader: ByteReader): ArrayBufferView | null {
  const kind = kinds.find((one) => one.tag === tag);
  if (kind === undefined) return null;
  const at = reader.position;
  const length = reader.readVarint();
  checkLength(length, "typed array");
  if (length % kind.width !== 0) {
    throw new DataError(
      `a typed array of ${kind.width}-byte elements has ${length} bytes at offset ${at}`,
      {
        code: "RECORD_TYPED_ARRAY",
        hint: "the bytes are damaged; read them from a good copy",
      },
    );
  }
  const bytes = reader.readBytes(length);
  const ordered = bigEndianHost ? reverseElements(bytes, kind.width) : bytes;
  return kind.make(ordered.buffer as ArrayBuffer); // readBytes copies into a buffer of its own
}

/** A copy with the bytes of each element in the opposite order. */
export function reverseElements(bytes: Uint8Array, width: number): Uint8Array {
  const reversed = new Uint8Array(bytes.length);
  for (let start = 0; start < bytes.length; start += width) {
    for (let i = 0; i < width; i++) reversed[start + i] = bytes[start + width - 1 - i] as number;
  }
  return reversed;
}
