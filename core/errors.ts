import { limits } from "./limits.ts";

/** Where an error happened, as far as it is known; printed in front of the message. */
export interface ErrorWhere {
  readonly job?: string;
  readonly operator?: string;
  readonly subtask?: number;
  readonly checkpoint?: number;
  /** The record's place in its source or channel, e.g. `record 17 of part-3.parquet`. */
  readonly position?: string;
}

export interface ErrorDetails {
  /** A stable, documented code, e.g. `PLAN_NO_SINK`. */
  readonly code: string;
  /** What the reader should do next, as a sentence without a full stop. */
  readonly hint?: string;
  readonly where?: ErrorWhere;
  /** Whether the same call may succeed when it is made again. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * The base of every error that Millrace raises on purpose. `message` says what is wrong, with the
 * value; `hint` says what to do; `where` says which job, operator, subtask and record.
 *
 * @example
 * throw new PlanError("two operators have the uid \"hourly\"", { code: "PLAN_DUPLICATE_UID", hint: "give each its own uid" });
 */
export class MillraceError extends Error {
  readonly code: string;
  readonly hint: string | null;
  readonly where: ErrorWhere;
  readonly retryable: boolean;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.hint = details.hint ?? null;
    this.where = details.where ?? {};
    this.retryable = details.retryable ?? false;
  }

  /** The same error with more known about its place; what it says itself stays. */
  at(where: ErrorWhere): this {
    const Same = this.constructor as new (message: string, details: ErrorDetails) => this;
    const { message, code, hint, retryable, cause } = this;
    const details = { code, retryable, cause, where: { ...where, ...this.where } };
    const error = new Same(message, hint === null ? details : { ...details, hint });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }

  /** The whole error on one line: `where: what; what to do`. */
  describe(): string {
    const place = describeWhere(this.where);
    return `${place === "" ? "" : `${place}: `}${this.message}${this.hint === null ? "" : `; ${this.hint}`}`;
  }
}

/** A command line, setting or option that cannot be used. Exit code 2. */
export class UsageError extends MillraceError {}

/** A job that cannot become a plan. Exit code 3. */
export class PlanError extends MillraceError {}

/** A checkpoint or savepoint that does not fit the job or cannot be read. Exit code 4. */
export class RestoreError extends MillraceError {}

/** User code, a source or a sink failed while the job ran. Exit code 1. */
export class JobError extends MillraceError {}

/** Bytes or a value that a format, codec or schema refuses. Exit code 1. */
export class DataError extends MillraceError {}

/** A named limit (`core/limits.ts`) was exceeded. Exit code 1. */
export class LimitError extends MillraceError {}

/** Storage (checkpoints, files) could not be read or written. Exit code 1. */
export class StorageError extends MillraceError {}

/** `job flights, operator hourly, subtask 2, checkpoint 7, record 17 of a.parquet`, or "". */
export function describeWhere(where: ErrorWhere): string {
  const parts: string[] = [];
  if (where.job !== undefined) parts.push(`job ${where.job}`);
  if (where.operator !== undefined) parts.push(`operator ${where.operator}`);
  if (where.subtask !== undefined) parts.push(`subtask ${where.subtask}`);
  if (where.checkpoint !== undefined) parts.push(`checkpoint ${where.checkpoint}`);
  if (where.position !== undefined) parts.push(where.position);
  return parts.join(", ");
}

/** A value for a message: as JSON where that works, cut to `limits.shownCharactersMax`. */
export function show(value: unknown): string {
  const text = showWhole(value);
  const max = limits.shownCharactersMax;
  return text.length <= max ? text : `${text.slice(0, max - 3)}...`;
}

function showWhole(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `function ${value.name || "(anonymous)"}`;
    case "symbol":
      return value.toString();
    case "object":
      return showObject(value);
    default:
      return String(value);
  }
}

function showObject(value: object | null): string {
  if (value === null) return "null";
  try {
    const json: unknown = JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "bigint" ? `${inner}n` : inner,
    );
    return typeof json === "string" ? json : Object.prototype.toString.call(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
