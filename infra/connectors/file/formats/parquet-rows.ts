import type { RecordChunk, SplitOutput } from "../../../../core/connector/index.ts";
import { NO_TIMESTAMP } from "../../../../core/timestamp.ts";
import type { ParquetColumn } from "./parquet-columns.ts";

/** Emits the rows `from` to `to` (exclusive) of a row group; row r has position `first + r`. */
export type RowEmitter = (
  columns: readonly ArrayLike<unknown>[],
  output: SplitOutput<never>,
  from: number,
  to: number,
  first: number,
) => void;

/** One emitter per set of columns, so that all row groups of a source share one compiled loop. */
export class RowEmitters {
  readonly #emitters = new Map<string, RowEmitter>();

  of(columns: readonly ParquetColumn[]): RowEmitter {
    const shape = JSON.stringify(columns.map(({ name, kind }) => [name, kind === "date"]));
    let emitter = this.#emitters.get(shape);
    if (emitter === undefined) {
      emitter = rowEmitter(columns);
      this.#emitters.set(shape, emitter);
    }
    return emitter;
  }
}

/** The rows of one row group as columns; an object per row is made when it is emitted. */
export class RowChunk<T> implements RecordChunk<T> {
  readonly resumeAt: number;
  readonly firstPosition: number;
  readonly #columns: readonly ArrayLike<unknown>[];
  readonly #emitRows: RowEmitter;
  readonly #rows: number;
  #next = 0;

  constructor(
    columns: readonly ParquetColumn[],
    emitRows: RowEmitter,
    rows: number,
    resumeAt: number,
  ) {
    this.resumeAt = resumeAt;
    this.firstPosition = 0;
    this.#columns = columns.map((column) => column.values);
    this.#emitRows = emitRows;
    this.#rows = rows;
  }

  emit(output: SplitOutput<T>, recordsMax: number): number {
    const from = this.#next;
    const to = Math.min(this.#rows, from + recordsMax);
    this.#next = to;
    this.#emitRows(this.#columns, output, from, to, this.firstPosition);
    return to - from;
  }

  skip(recordsMax: number): number {
    const from = this.#next;
    this.#next = Math.min(this.#rows, from + recordsMax);
    return this.#next - from;
  }
}

/**
 * Builds the loop that makes one object per row. It is generated, so that all rows of a column set
 * come from one object literal with one hidden class: `bench/read-parquet.ts` measures 0.17 s for
 * three million rows of three columns, against 0.4 s with fields stored by name. Names get into the
 * code only as JSON strings, so nothing of a file is executed.
 */
function rowEmitter(columns: readonly ParquetColumn[]): RowEmitter {
  const locals = columns.map((_, at) => `const c${at} = columns[${at}];`);
  const dates = columns.map(({ kind }, at) =>
    kind === "date" ? `const v${at} = c${at}[row];` : "",
  );
  const fields = columns.map(({ name, kind }, at) => {
    const key = name === "__proto__" ? `["__proto__"]` : JSON.stringify(name);
    return `${key}: ${kind === "date" ? `v${at} === null ? null : new Date(v${at})` : `c${at}[row]`}`;
  });
  const body = `"use strict";
    ${locals.join("\n")}
    for (let row = from; row < to; row++) {
      ${dates.join("\n")}
      output.collect({ ${fields.join(", ")} }, ${NO_TIMESTAMP}, first + row);
    }`;
  // oxlint-disable-next-line typescript/no-implied-eval -- see above: only quoted names go in
  return new Function("columns", "output", "from", "to", "first", body) as RowEmitter;
}
