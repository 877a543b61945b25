import type { StandardSchemaV1 } from "@standard-schema/spec";
import { DataError, UsageError, show } from "../../../../core/errors.ts";
import type { LineFormat } from "../file-format.ts";

export interface NdjsonOptions<T> {
  /** Any Standard Schema (zod, valibot, arktype, ...), synchronous. A record is what it answers. */
  readonly schema?: StandardSchemaV1<unknown, T>;
}

/**
 * One JSON value a line. Blank lines are skipped. A line that is no JSON, or that the schema
 * refuses, is a dirty record (DataError). Without a schema the type is taken on trust.
 *
 * @example fileSource({ path: "orders/*.ndjson", format: ndjson<Order>() });
 */
export function ndjson<T = unknown>(options: NdjsonOptions<T> = {}): LineFormat<T> {
  const { schema } = options;
  return {
    kind: "lines",
    describe: "ndjson",
    extension: "ndjson",
    blankLines: "skip",
    decode: schema === undefined ? parse<T> : (line) => validate(schema, parse<unknown>(line)),
    encode,
  };
}

/** Trusts the caller's type: without a schema there is nothing to check it against. */
function parse<T>(line: string): T {
  try {
    return JSON.parse(line) as T;
  } catch (cause) {
    throw new DataError(`the line is not JSON (${(cause as Error).message})`, {
      code: "NDJSON_INVALID",
      hint: "each line must be one JSON value; for a file with one big JSON array, write its elements on lines of their own",
      cause,
    });
  }
}

function validate<T>(schema: StandardSchemaV1<unknown, T>, value: unknown): T {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new UsageError("the schema of ndjson() answers with a promise", {
      code: "USAGE_ASYNC_SCHEMA",
      hint: "use a schema without asynchronous checks",
    });
  }
  const issue = result.issues?.[0];
  if (result.issues === undefined) return result.value;
  const more = result.issues.length > 1 ? ` and ${result.issues.length - 1} more` : "";
  const what = issue === undefined ? "no reason given" : `${path(issue)}: ${issue.message}${more}`;
  throw new DataError(`the record does not fit the schema (${what})`, {
    code: "SCHEMA_MISMATCH",
    hint: `correct the record or the schema, or send such records to a sink with "deadLetterTo"`,
  });
}

/** `items[2].price`; `(record)` for the whole. */
function path(issue: StandardSchemaV1.Issue): string {
  let text = "";
  for (const segment of issue.path ?? []) {
    const key = typeof segment === "object" ? segment.key : segment;
    text += typeof key === "number" ? `[${key}]` : `${text === "" ? "" : "."}${String(key)}`;
  }
  return text === "" ? "(record)" : text;
}

function encode(value: unknown): string {
  const line: unknown = JSON.stringify(value);
  if (typeof line === "string") return line;
  throw new DataError(`the value has no JSON form (got ${show(value)})`, {
    code: "NDJSON_UNWRITABLE",
    hint: "map the records to plain objects before the sink",
  });
}
