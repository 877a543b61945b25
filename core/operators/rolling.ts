import { DataError, show } from "../errors.ts";
import type { ReduceFunction } from "../state/index.ts";
import type { Rolling } from "./rolling-operator.ts";

/** Fields of T that can be added up. */
export type SumField<T> = {
  [Name in keyof T & string]: T[Name] extends number ? Name : T[Name] extends bigint ? Name : never;
}[keyof T & string];

/** What can be compared with `<`. */
export type Comparable = number | bigint | string | Date;

/** Fields of T that can be compared. */
export type ComparableField<T> = {
  [Name in keyof T & string]: T[Name] extends Comparable ? Name : never;
}[keyof T & string];

type Fields = Readonly<Record<string, unknown>>;

export function reduceRolling<T>(reduce: ReduceFunction<T>): Rolling<T, T> {
  return { name: "reduce", first: (value) => value, next: reduce };
}

/** The first record of the key with the sum in `field`. */
export function sumRolling(field: string): Rolling<Fields, Fields> {
  return {
    name: `sum("${field}")`,
    first: (value) => {
      amountOf(value, field);
      return value;
    },
    next: (result, value) => {
      const sum = amountOf(result, field);
      const amount = amountOf(value, field);
      // Two numbers or two bigints; a mixture throws a TypeError of its own.
      return withField(result, field, (sum as number) + (amount as number));
    },
  };
}

/** The first record of the key with the least (`sign` 1) or greatest (-1) value in `field`. */
export function extremeRolling(name: string, field: string, sign: 1 | -1): Rolling<Fields, Fields> {
  return {
    name: `${name}("${field}")`,
    first: (value) => value,
    next: (result, value) =>
      compare(value[field], result[field], name, field) * sign < 0
        ? withField(result, field, value[field])
        : result,
  };
}

/** The whole record with the least or greatest value; ties keep the first. */
export function extremeByRolling<T>(
  name: string,
  select: (value: T) => unknown,
  sign: 1 | -1,
): Rolling<T, T> {
  return {
    name,
    first: (value) => value,
    next: (result, value) =>
      compare(select(value), select(result), name, "selector") * sign < 0 ? value : result,
  };
}

function withField(record: Fields, field: string, value: unknown): Fields {
  return { ...record, [field]: value };
}

function amountOf(record: Fields, field: string): number | bigint {
  const amount = record[field];
  if (typeof amount === "number" || typeof amount === "bigint") return amount;
  throw new DataError(`sum: "${field}" is no number (got ${show(amount)})`, {
    code: "DATA_NOT_A_NUMBER",
    hint: "name a field that holds numbers in every record",
  });
}

/** Negative, zero or positive. Only values of one comparable type have an order. */
function compare(left: unknown, right: unknown, name: string, field: string): number {
  const a = left instanceof Date ? left.getTime() : left;
  const b = right instanceof Date ? right.getTime() : right;
  if (typeof a === typeof b && isOrdered(a) && isOrdered(b)) {
    if (a === b) return 0;
    return a < b ? -1 : 1;
  }
  throw new DataError(`${name}: "${field}" cannot be compared (got ${show(left)})`, {
    code: "DATA_NOT_COMPARABLE",
    hint: "compare numbers, bigints, strings or dates of one type",
  });
}

function isOrdered(value: unknown): value is number | bigint | string {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "string";
}
