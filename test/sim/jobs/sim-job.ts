import type { Settings } from "../../../core/api/settings.ts";
import type { Job } from "../../../core/api/define-job.ts";
import { generatorSource } from "../../../core/connector/index.ts";
import type { Source } from "../../../core/connector/source.ts";
import { restartStrategy } from "../../../index.ts";
import { type Row, SimSink, type SimSinkKind } from "../sinks.ts";

/** How a job is made for a run. */
export interface SimJobOptions {
  /** How much input. */
  readonly size: number;
  readonly parallelism: number;
  readonly checkpointMs: number;
  readonly checkpointTimeoutMs: number;
  /** Of a turn that fails. */
  readonly attempts: number;
  /** A later version has the same uids and one more operator without state. */
  readonly version: number;
}

/** What came out of each sink, by its name; rows of a sink in no order. */
export type Outputs = Readonly<Record<string, readonly Row[]>>;

/** What is wrong with an output; null: nothing. */
export type Verdict = string | null;

/** A job to simulate, and what has to come out of it, by code that shares nothing with the engine. */
export interface SimJob {
  readonly name: string;
  /** The size of a run that nobody asked to be shorter. */
  readonly size: number;
  readonly sinks: Readonly<Record<string, SimSinkKind>>;
  /** Its input has an end, but the source waits for more: it ends only when it is stopped. */
  readonly endless?: true;
  make(options: SimJobOptions): Job;
  /** What of a row is the same whoever makes it; the whole row by default. */
  rowKey?(row: Row): Row;
  /** Whether rows of which none was lost or doubled are right. */
  check(outputs: Outputs, size: number): Verdict;
  /** Milliseconds of virtual time that the input takes at least. */
  spanMs(size: number): number;
}

/** Settings that all jobs share: checkpoints are frequent, and may fail. */
export function settingsOf(options: SimJobOptions): Settings {
  const { parallelism, checkpointMs, checkpointTimeoutMs, attempts } = options;
  return {
    parallelism,
    checkpointing: {
      interval: { milliseconds: checkpointMs },
      timeout: { milliseconds: checkpointTimeoutMs },
      tolerableFailures: 1_000_000,
    },
    restart: restartStrategy.fixedDelay({ attempts, delay: { seconds: 1 } }),
  };
}

/** A sink of a job by its name. */
export function sinkOf(sinks: SimJob["sinks"], name: string): SimSink {
  const kind = sinks[name];
  if (kind === undefined) throw new Error(`no sink ${name}; name it in "sinks"`);
  return new SimSink(name, kind, null);
}

/** Records 0, 1, .. at a rate, for a source whose input comes over time. */
export function paced<T>(
  generate: (index: number) => T,
  count: number,
  perSecond: number,
): Source<T> {
  return generatorSource({ generate, count, ratePerSecond: perSecond }) as Source<T>; // as `fromSource` takes it
}

/** Equal as multisets: null, or the first rows that differ. */
export function sameRows(
  sink: string,
  expected: readonly Row[],
  rows: readonly Row[] = [],
): Verdict {
  const counts = new Map<Row, number>();
  for (const row of expected) counts.set(row, (counts.get(row) ?? 0) + 1);
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) - 1);
  const lost = [...counts].filter(([, count]) => count > 0).map(([row]) => row);
  const extra = [...counts].filter(([, count]) => count < 0).map(([row]) => row);
  if (lost.length === 0 && extra.length === 0) return null;
  return `sink ${sink}: ${lost.length} rows are missing (${show(lost)}), ${extra.length} are there too often (${show(extra)})`;
}

/** The verdicts of several sinks as one. */
export function first(...verdicts: readonly Verdict[]): Verdict {
  return verdicts.find((verdict) => verdict !== null) ?? null;
}

function show(rows: readonly Row[]): string {
  if (rows.length === 0) return "none";
  return rows.length > 3 ? `${rows.slice(0, 3).join("; ")}; ..` : rows.join("; ");
}

/** 0, 1, .. up to `count`. */
export function indexes(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** A number from 0 up to `end` that depends on `index` alone. */
export function noise(index: number, end: number): number {
  let mixed = Math.imul(index + 0x9e37, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % end;
}
