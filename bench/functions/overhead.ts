import {
  TumblingEventTimeWindows,
  WatermarkStrategy,
  agg,
  blackholeSink,
  defineJob,
  runJob,
  type Job,
} from "../../index.ts";
import { BodyWriter } from "../../core/protocol/message.ts";
import { KeyedStateBackend } from "../../core/state/keyed-state-backend.ts";
import { driver } from "../../test/core/protocol/driver.ts";
import type { Reading } from "../hand-written.ts";
import { memorySource } from "../memory-source.ts";
import { readings } from "../workloads.ts";

export interface OverheadRow {
  readonly work: Work;
  readonly turnRecords: number;
  readonly records: number;
  readonly turns: number;
  readonly embeddedMs: number;
  readonly functionsMs: number;
  /** Time on functions over time embedded, less one. */
  readonly overhead: number;
  readonly overheadUsPerTurn: number;
  readonly overheadNsPerRecord: number;
  /** Of the overhead: the state's and the messages' bytes, which embedded makes at checkpoints only. */
  readonly stateBytesNsPerRecord: number;
  readonly messageBytesNsPerRecord: number;
}

const KEYS = 10_000;
const RUNS = Number(process.env["BENCH_RUNS"] ?? 5);

type Work = "sums" | "lines";

/** What the second job does with a record: it parses a line of text and reads three fields. */
interface Line {
  readonly text: string;
  readonly timestamp: number;
}

function linesOf(data: readonly Reading[]): readonly Line[] {
  return data.map(({ key, value, timestamp }, index) => ({
    text: JSON.stringify({
      id: index,
      key,
      value,
      at: new Date(timestamp).toISOString(),
      source: { device: `device-${key}`, firmware: "4.18.2", site: "north", tags: ["a", "b"] },
      status: "ok",
    }),
    timestamp,
  }));
}

/** The windowed job of `npm run bench` on one source and one keyed subtask; `lines`: from texts. */
function overheadJob(data: readonly Reading[], work: Work): Job {
  const lines = work === "lines" ? linesOf(data) : [];
  const timestamps = { timestamp: (each: { readonly timestamp: number }) => each.timestamp };
  return defineJob({
    name: "overhead",
    checkpointing: false,
    build(env) {
      const ordered = WatermarkStrategy.forMonotonousTimestamps(timestamps);
      const parsed =
        work === "sums"
          ? env.fromSource(memorySource(data, 1, 0), ordered, "readings")
          : env.fromSource(memorySource(lines, 1, 0), ordered, "lines").map(readingOf);
      parsed
        .keyBy((each) => each.key)
        .window(TumblingEventTimeWindows.of({ hours: 1 }))
        .aggregate({ count: agg.count(), sum: agg.sum((each) => each.value) })
        .uid("hourly")
        .sinkTo(blackholeSink())
        .uid("nothing");
    },
  });
}

function readingOf({ text }: Line): Reading {
  // What linesOf wrote.
  const { key, value, at } = JSON.parse(text) as { key: number; value: number; at: string };
  return { key, value, timestamp: Date.parse(at) };
}

async function embedded(job: Job): Promise<number> {
  const start = performance.now();
  const handle = await runJob(job, { from: "fresh" });
  await handle.result;
  return performance.now() - start;
}

interface FunctionsRun {
  readonly ms: number;
  readonly turns: number;
  readonly stateMs: number;
  readonly messageMs: number;
}

async function functions(job: Job, turnRecords: number): Promise<FunctionsRun> {
  const run = driver(job, {
    bounds: { recordsMax: turnRecords, emissionsMax: 256 },
    rounds: 10_000_000,
  });
  watch.stateMs = 0;
  watch.messageMs = 0;
  const start = performance.now();
  await run.control().start({ from: "fresh" });
  await run.run();
  const ms = performance.now() - start;
  if (run.errors.length > 0) throw run.errors[0];
  return { ms, turns: run.turns(), ...watch };
}

/** What making bytes took, by the functions that make them; a look at the clock per turn. */
const watch = { stateMs: 0, messageMs: 0 };

function watchBytes(): void {
  const { snapshotDelta, snapshotFull, turnSegment } = KeyedStateBackend.prototype;
  const timed = <R>(make: () => R): R => {
    const start = performance.now();
    const made = make();
    watch.stateMs += performance.now() - start;
    return made;
  };
  KeyedStateBackend.prototype.snapshotDelta = function delta() {
    return timed(() => snapshotDelta.call(this));
  };
  KeyedStateBackend.prototype.turnSegment = function segment() {
    return timed(() => turnSegment.call(this));
  };
  KeyedStateBackend.prototype.snapshotFull = function full() {
    return timed(() => snapshotFull.call(this));
  };
  const { element } = BodyWriter.prototype;
  BodyWriter.prototype.element = function timedElement(edge, value) {
    const start = performance.now();
    element.call(this, edge, value);
    watch.messageMs += performance.now() - start;
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

async function overheadRow(work: Work, turnRecords: number, records: number): Promise<OverheadRow> {
  const job = overheadJob(readings(records, KEYS, 36, 0), work);
  const theirs: number[] = [];
  const ours: FunctionsRun[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    globalThis.gc?.();
    const embeddedMs = await embedded(job);
    globalThis.gc?.();
    const on = await functions(job, turnRecords);
    if (run === 0) continue;
    theirs.push(embeddedMs);
    ours.push(on);
  }
  const embeddedMs = median(theirs);
  const functionsMs = median(ours.map(({ ms }) => ms));
  const turns = ours[0]?.turns ?? NaN;
  const perRecord = (ms: number): number => (ms * 1_000_000) / records;
  return {
    work,
    turnRecords,
    records,
    turns,
    embeddedMs,
    functionsMs,
    overhead: functionsMs / embeddedMs - 1,
    overheadUsPerTurn: ((functionsMs - embeddedMs) * 1_000) / turns,
    overheadNsPerRecord: perRecord(functionsMs - embeddedMs),
    stateBytesNsPerRecord: perRecord(median(ours.map(({ stateMs }) => stateMs))),
    messageBytesNsPerRecord: perRecord(median(ours.map(({ messageMs }) => messageMs))),
  };
}

/** The same job embedded and over memory adapters, in turn, in one process. */
export async function overheadRows(say: (line: string) => void): Promise<readonly OverheadRow[]> {
  watchBytes();
  const rows: OverheadRow[] = [];
  for (const [work, turnRecords, records] of [
    ["sums", 100, 100_000],
    ["sums", 1_000, 500_000],
    ["sums", 10_000, 1_000_000],
    ["lines", 100, 100_000],
    ["lines", 1_000, 500_000],
    ["lines", 10_000, 500_000],
  ] as const) {
    const row = await overheadRow(work, turnRecords, records);
    rows.push(row);
    say(
      `${work}, ${turnRecords} records a turn: ${(100 * row.overhead).toFixed(0)} % overhead; embedded ${row.embeddedMs.toFixed(0)} ms, functions ` +
        `${row.functionsMs.toFixed(0)} ms for ${records} records in ${row.turns} turns; ` +
        `${row.overheadUsPerTurn.toFixed(0)} us a turn, ${row.overheadNsPerRecord.toFixed(0)} ns a record ` +
        `(bytes of state ${row.stateBytesNsPerRecord.toFixed(0)}, of messages ${row.messageBytesNsPerRecord.toFixed(0)})`,
    );
  }
  return rows;
}
