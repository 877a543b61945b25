import type { ParquetParsers, SchemaElement } from "hyparquet";

const MS_PER_DAY = 86_400_000;
/** The greatest distance of a Date from 1970. */
const DATE_MS_MAX = 8.64e15;

/**
 * Makes hyparquet answer numbers where it would answer a bigint or a Date for every value of a
 * flat column: its parsers run once per entry of a dictionary, not once per row.
 */
export class Numbers {
  /** Some value has no exact number, or no Date, and was left a bigint. */
  refused = false;
  readonly #bigints: boolean;
  readonly #unsigned: boolean;

  constructor(element: SchemaElement, bigints: boolean) {
    this.#bigints = bigints;
    this.#unsigned = isUnsigned64(element);
  }

  /** `isInstant`: whether the column really holds milliseconds, or integers in their disguise. */
  parsers(isInstant: boolean): Partial<ParquetParsers> {
    return {
      timestampFromMilliseconds: (value) =>
        isInstant ? this.#instant(value, 1n) : this.#integer(value),
      timestampFromMicroseconds: (value) => this.#instant(value, 1_000n),
      timestampFromNanoseconds: (value) => this.#instant(value, 1_000_000n),
      dateFromDays: (days) => days * MS_PER_DAY,
    };
  }

  /** Objects of rows that share an entry of a dictionary must not be the same object. */
  copyAll(values: readonly unknown[]): unknown[] {
    const copies: unknown[] = [];
    for (let at = 0; at < values.length; at++) copies.push(this.#copy(values[at]));
    return copies;
  }

  #copy(value: unknown): unknown {
    if (typeof value === "bigint") return this.#integer(value);
    if (value === undefined) return null;
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Date) return new Date(value);
    if (value instanceof Uint8Array) return value.slice();
    if (Array.isArray(value)) return this.copyAll(value);
    const entries = Object.entries(value).map(([key, inner]) => [key, this.#copy(inner)] as const);
    return Object.fromEntries(entries);
  }

  #integer(raw: bigint): number | bigint {
    const value = this.#unsigned ? BigInt.asUintN(64, raw) : raw;
    if (this.#bigints) return value;
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    this.refused = true;
    return value;
  }

  /** Whole milliseconds, rounded down (so also before 1970). */
  #instant(value: bigint, perMs: bigint): number | bigint {
    const ms = Number((value - (((value % perMs) + perMs) % perMs)) / perMs);
    if (Math.abs(ms) <= DATE_MS_MAX) return ms;
    this.refused = true;
    return value;
  }
}

/**
 * The declaration of a flat column with which hyparquet gives its values to a parser: 64-bit
 * integers as milliseconds, and types that have a new annotation only with the old one too.
 */
export function declaration(element: SchemaElement): SchemaElement {
  const { converted_type: converted, ...rest } = element;
  const logical = element.logical_type;
  if (isInteger64(element)) {
    return { ...rest, logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" } };
  }
  if (converted === undefined && logical?.type === "DATE") {
    return { ...rest, converted_type: "DATE" };
  }
  if (converted === undefined && logical?.type === "DECIMAL") {
    return { ...rest, converted_type: "DECIMAL", scale: logical.scale };
  }
  return element;
}

export function isTimestamp({ converted_type, logical_type }: SchemaElement): boolean {
  const old = converted_type === "TIMESTAMP_MILLIS" || converted_type === "TIMESTAMP_MICROS";
  return old || logical_type?.type === "TIMESTAMP";
}

export function isDate({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === "DATE" || logical_type?.type === "DATE";
}

export function isDecimal({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === "DECIMAL" || logical_type?.type === "DECIMAL";
}

function isInteger64(element: SchemaElement): boolean {
  return element.type === "INT64" && !isTimestamp(element) && !isDecimal(element);
}

function isUnsigned64({ converted_type, logical_type }: SchemaElement): boolean {
  if (converted_type === "UINT_64") return true;
  return logical_type?.type === "INTEGER" && logical_type.bitWidth === 64 && !logical_type.isSigned;
}
