import type { Job } from "../../../core/api/define-job.ts";
import type { Row, SimSinkKind } from "../sinks.ts";
import { SimSink } from "../sinks.ts";

/** How a job is made for a run. */
export interface SimJobOptions {
  /** How much input. */
  readonly size: number;
  readonly parallelism: number;
  readonly checkpointMs: number;
  /** A later version has the same uids and one more operator without state. */
  readonly version: number;
}

/** What came out of each sink, by its name; rows of a sink in no order. */
export type Outputs = ReadonlyMap<string, readonly Row[]>;

/** What is wrong with an output; null: nothing. */
export type Verdict = string | null;

/** A job to simulate, and what has to come out of it, by code that shares nothing with the engine. */
export interface SimJob {
  readonly name: string;
  /** The size of a run that nobody asked to be shorter. */
  readonly size: number;
  readonly sinks: Readonly<Record<string, SimSinkKind>>;
  make(options: SimJobOptions): Job;
  /** Whether the rows of a sink that lost nothing and doubled nothing are right. */
  check(sink: string, rows: readonly Row[], size: number): Verdict;
  /** Milliseconds of virtual time that the input takes at least. */
  spanMs(size: number): number;
}

/** A sink of the job by its name. */
export function sinkOf(job: Pick<SimJob, "sinks">, name: string): SimSink {
  const kind = job.sinks[name];
  if (kind === undefined) throw new Error(`no sink ${name}; name it in "sinks"`);
  return new SimSink(name, kind, null);
}

/** Equal as multisets: null, or the first rows that differ. */
export function sameRows(expected: readonly Row[], rows: readonly Row[]): Verdict {
  const counts = new Map<Row, number>();
  for (const row of expected) counts.set(row, (counts.get(row) ?? 0) + 1);
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) - 1);
  const lost = [...counts].filter(([, count]) => count > 0).map(([row]) => row);
  const extra = [...counts].filter(([, count]) => count < 0).map(([row]) => row);
  if (lost.length === 0 && extra.length === 0) return null;
  return `${lost.length} rows are missing (${show(lost)}), ${extra.length} are there too often (${show(extra)})`;
}

function show(rows: readonly Row[]): string {
  if (rows.length === 0) return "none";
  return rows.length > 3 ? `${rows.slice(0, 3).join("; ")}; ..` : rows.join("; ");
}

/** A number from 0 up to `end` that depends on `index` alone. */
export function noise(index: number, end: number): number {
  let mixed = Math.imul(index + 0x9e37, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % end;
}
