import { DataError, LimitError, show } from "../errors.ts";
import { limits } from "../limits.ts";
import { writeMagnitude } from "./bigint-bytes.ts";
import { type ByteWriter, checkLength } from "./byte-writer.ts";
import { encodeTypedArray } from "./typed-arrays.ts";
import { enter, pathTo, visit } from "./value-path.ts";
import { tags } from "./value-tags.ts";

/** Writes one value; `root` names it in errors and `depth` is the number of containers around it. */
export function writeValue(value: unknown, writer: ByteWriter, root: string, depth: number): void {
  switch (typeof value) {
    case "number":
      return writeNumber(value, writer);
    case "string":
      writer.writeByte(tags.string);
      return writer.writeString(value);
    case "boolean":
      return writer.writeByte(value ? tags.true : tags.false);
    case "undefined":
      return writer.writeByte(tags.undefined);
    case "bigint":
      writer.writeByte(value < 0n ? tags.negativeBigint : tags.bigint);
      return writeMagnitude(value < 0n ? -value : value, writer);
    case "object":
      if (value === null) return writer.writeByte(tags.null);
      return writeObject(value, writer, root, depth);
    default:
      throw refused(value, show(value), "VALUE_UNSUPPORTED", root, depth);
  }
}

function writeNumber(value: number, writer: ByteWriter): void {
  if (!Number.isSafeInteger(value) || (value === 0 && 1 / value < 0)) {
    writer.writeByte(tags.double);
    writer.writeF64(value);
  } else if (value < 0) {
    writer.writeByte(tags.negativeInteger);
    writer.writeVarint(-1 - value);
  } else if (value < 0x80) {
    writer.writeByte(tags.smallInteger | value);
  } else {
    writer.writeByte(tags.integer);
    writer.writeVarint(value);
  }
}

function writeObject(value: object, writer: ByteWriter, root: string, depth: number): void {
  if (depth >= limits.valueDepthMax) throw tooDeep(root, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) {
    writer.writeByte(tags.object);
    writeFields(value as Record<string, unknown>, writer, root, depth); // plain by its prototype
  } else if (prototype === Array.prototype) {
    writeItems(value as unknown[], writer, root, depth); // an array by its prototype, checked there
  } else if (prototype === null) {
    writer.writeByte(tags.nullPrototypeObject);
    writeFields(value as Record<string, unknown>, writer, root, depth); // plain by its prototype
  } else {
    writeBuiltIn(value, prototype, writer, root, depth);
  }
}

function writeFields(
  value: Record<string, unknown>,
  writer: ByteWriter,
  root: string,
  depth: number,
): void {
  const names = Object.keys(value);
  checkCount(names.length, root, depth);
  writer.writeVarint(names.length);
  enter(depth, "field");
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    visit(depth, name);
    if (name.length === 9 && name === "__proto__") throw protoField(root, depth);
    writer.writeString(name);
    writeValue(value[name], writer, root, depth + 1);
  }
}

function writeItems(items: unknown[], writer: ByteWriter, root: string, depth: number): void {
  if (!Array.isArray(items))
    throw refused(items, "class instance Array", "VALUE_CLASS", root, depth);
  checkCount(items.length, root, depth);
  writer.writeByte(tags.array);
  writer.writeVarint(items.length);
  enter(depth, "item");
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    visit(depth, i);
    if (item === undefined && !(i in items)) throw hole(root, depth);
    writeValue(item, writer, root, depth + 1);
  }
}

function writeBuiltIn(
  value: object,
  prototype: unknown,
  writer: ByteWriter,
  root: string,
  depth: number,
): void {
  if (prototype === Date.prototype && value instanceof Date) return writeDate(value, writer);
  if (prototype === Map.prototype && value instanceof Map)
    return writeMap(value, writer, root, depth);
  if (prototype === Set.prototype && value instanceof Set)
    return writeSet(value, writer, root, depth);
  if (prototype === ArrayBuffer.prototype && value instanceof ArrayBuffer) {
    return writeArrayBuffer(value, writer);
  }
  if (ArrayBuffer.isView(value) && encodeTypedArray(value, prototype as object, writer)) return; // a view has a prototype
  throw refused(value, `class instance ${className(value)}`, "VALUE_CLASS", root, depth);
}

function writeDate(value: Date, writer: ByteWriter): void {
  const ms = value.getTime();
  if (ms !== ms) return writer.writeByte(tags.invalidDate);
  writer.writeByte(tags.date);
  writer.writeZigzag(ms);
}

function writeMap(
  entries: ReadonlyMap<unknown, unknown>,
  writer: ByteWriter,
  root: string,
  depth: number,
): void {
  checkCount(entries.size, root, depth);
  writer.writeByte(tags.map);
  writer.writeVarint(entries.size);
  let i = 0;
  for (const [key, value] of entries) {
    visit(depth, i++);
    enter(depth, "map key");
    writeValue(key, writer, root, depth + 1);
    enter(depth, "map value");
    writeValue(value, writer, root, depth + 1);
  }
}

function writeSet(
  items: ReadonlySet<unknown>,
  writer: ByteWriter,
  root: string,
  depth: number,
): void {
  checkCount(items.size, root, depth);
  writer.writeByte(tags.set);
  writer.writeVarint(items.size);
  enter(depth, "set item");
  let i = 0;
  for (const item of items) {
    visit(depth, i++);
    writeValue(item, writer, root, depth + 1);
  }
}

function writeArrayBuffer(value: ArrayBuffer, writer: ByteWriter): void {
  checkLength(value.byteLength, "ArrayBuffer");
  writer.writeByte(tags.arrayBuffer);
  writer.writeVarint(value.byteLength);
  writer.writeBytes(new Uint8Array(value));
}

function checkCount(count: number, root: string, depth: number): void {
  if (count <= limits.valueEntriesMax) return;
  throw new LimitError(
    `${pathTo(root, depth)} has ${count} entries, the limit valueEntriesMax is ${limits.valueEntriesMax}`,
    {
      code: "VALUE_TOO_LARGE",
      hint: "keep large collections in list or map state, entry by entry",
    },
  );
}

function tooDeep(root: string, depth: number): LimitError {
  return new LimitError(
    `${root} is nested deeper than the limit valueDepthMax of ${limits.valueDepthMax}, at ${pathTo(root, 3)}...${pathTo("", depth).slice(-40)}`,
    {
      code: "VALUE_TOO_DEEP",
      hint: "a value that contains itself is not allowed; flatten the value",
    },
  );
}

function refused(
  value: unknown,
  what: string,
  code: string,
  root: string,
  depth: number,
): DataError {
  const got = typeof value === "object" ? ` ${show(value)}` : "";
  return new DataError(`${pathTo(root, depth)}: ${what}${got} cannot be kept or sent`, {
    code,
    hint: "use plain objects, arrays, Map, Set, Date, typed arrays and primitive values",
  });
}

function hole(root: string, depth: number): DataError {
  return new DataError(`${pathTo(root, depth + 1)}: hole in an array`, {
    code: "VALUE_HOLE",
    hint: "write null or undefined there",
  });
}

function protoField(root: string, depth: number): DataError {
  return new DataError(`${pathTo(root, depth)}: field "__proto__" is refused`, {
    code: "VALUE_PROTO_FIELD",
    hint: "remove or rename the field",
  });
}

function className(value: object): string {
  const made: unknown = (value as { constructor?: unknown }).constructor; // any object may have one
  return typeof made === "function" && made.name !== "" ? made.name : "(anonymous)";
}
