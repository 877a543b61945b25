/** What a column consists of, as bits: a column of one class has an encoding of its own. */
export const classes = {
  integer: 1,
  double: 2,
  string: 4,
  boolean: 8,
  date: 16,
  null: 32,
  undefined: 64,
  other: 128,
} as const;

/** The classes of `values[from..to)`, or'ed; `other` ends the search. */
export function classify(values: readonly unknown[], from: number, to: number): number {
  let seen = 0;
  for (let i = from; i < to; i++) {
    seen |= classOf(values[i]);
    if (seen >= classes.other) return classes.other;
  }
  return seen;
}

function classOf(value: unknown): number {
  switch (typeof value) {
    case "number":
      return Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)
        ? classes.integer
        : classes.double;
    case "string":
      return classes.string;
    case "boolean":
      return classes.boolean;
    case "undefined":
      return classes.undefined;
    case "object":
      return value === null ? classes.null : dateClass(value);
    default:
      return classes.other;
  }
}

function dateClass(value: object): number {
  const isDate = value instanceof Date && Object.getPrototypeOf(value) === Date.prototype;
  return isDate && !Number.isNaN(value.getTime()) ? classes.date : classes.other;
}

/** Whether all of `values[from..to)` are the same primitive value, -0 and 0 told apart. */
export function isConstant(values: readonly unknown[], from: number, to: number): boolean {
  const first = values[from];
  if (typeof first === "object" && first !== null) return false;
  for (let i = from + 1; i < to; i++) if (!Object.is(values[i], first)) return false;
  return true;
}
