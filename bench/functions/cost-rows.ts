import { type Price, priceOf } from "../../test/sim/price.ts";
import { Usage } from "../../test/sim/usage.ts";
import { type HopsRun, type HopsUsage, runHops } from "./hops-run.ts";
import type { Widths } from "./hops-job.ts";

/** Calls for a thousand records, in what AWS bills. */
export interface CallsPerThousand {
  readonly turns: number;
  readonly invocations: number;
  readonly queueRequests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly puts: number;
  readonly gets: number;
}

export interface CostRow {
  readonly name: string;
  readonly widths: Widths;
  readonly keys: number;
  readonly cold: boolean;
  readonly records: number;
  /** Records that one turn of the first keyed operator took. */
  readonly recordsPerTurn: number;
  readonly msPerInvocation: number;
  /** Of the three hops: everything but the source's own turns, with checkpoints and coordinator. */
  readonly calls: CallsPerThousand;
  /** USD per million records: of the three hops, by what is billed, and of the source beside them. */
  readonly usdPerMillion: Price;
  readonly usdPerMillionOfSource: number;
  readonly usdPerMonth: number;
  readonly usdPerMonthOfSource: number;
}

const GIGABYTES = 1;
const MONTH_MS = 730 * 3_600_000;
const SOURCE = /^source/;

export const defaults = {
  ratePerSecond: null,
  lingerMs: 0,
  keys: 10_000,
  checkpointMs: 10_000,
  bufferTimeoutMs: 1_000,
  hourly: false,
  turnRecords: 1_000,
  warmUpTurnRecords: 1_000,
  cold: false,
  warmUpMs: 5_000,
  settleMs: 0,
  spanMs: 10_000,
} as const satisfies Omit<HopsRun, "widths">;

/** `widths` of p subtasks each; 64 with 16 beside it, as 64 x 64 channels are refused. */
export function widthsOf(p: number): Widths {
  return p * p > 1_024 ? [1_024 / p, p, 1_024 / p, p] : [p, p, p, p];
}

export async function costRow(
  name: string,
  changes: Partial<HopsRun> & Pick<HopsRun, "widths">,
): Promise<CostRow> {
  const run: HopsRun = { ...defaults, warmUpTurnRecords: changes.turnRecords ?? 1_000, ...changes };
  return rowOf(name, run, await runHops(run));
}

function rowOf(name: string, run: HopsRun, used: HopsUsage): CostRow {
  const entries = [...used.usages];
  const source = sumOf(entries.filter(([vertex]) => SOURCE.test(vertex)).map(([, usage]) => usage));
  const hops = sumOf(entries.filter(([vertex]) => !SOURCE.test(vertex)).map(([, usage]) => usage));
  const { records, spanMs } = used;
  const turns = [...used.turns]
    .filter(([vertex]) => !SOURCE.test(vertex))
    .reduce((sum, [, count]) => sum + count, 0);
  const price = priceOf(hops, GIGABYTES);
  const perMillion = 1_000_000 / records;
  const perMonth = MONTH_MS / spanMs;
  const ofSource = priceOf(source, GIGABYTES).total;
  return {
    name,
    widths: run.widths,
    keys: run.keys,
    cold: run.cold,
    records,
    recordsPerTurn: records / (used.turns.get("first") ?? NaN),
    msPerInvocation: hops.invocationMs / hops.invocations,
    calls: callsOf(hops, turns, records / 1_000),
    usdPerMillion: scaled(price, perMillion),
    usdPerMillionOfSource: ofSource * perMillion,
    usdPerMonth: price.total * perMonth,
    usdPerMonthOfSource: ofSource * perMonth,
  };
}

function callsOf(
  { calls, mapping, invocations }: Usage,
  turns: number,
  by: number,
): CallsPerThousand {
  const units = (...kinds: readonly (keyof typeof calls)[]): number =>
    kinds.reduce((sum, kind) => sum + calls[kind].units, 0) / by;
  return {
    turns: turns / by,
    invocations: invocations / by,
    queueRequests:
      units("queue.send", "queue.delete", "queue.visibility", "delay.send") + mapping.units / by,
    writeUnits: units("ledger.append", "ledger.trim", "record.put"),
    readUnits: units("ledger.read", "ledger.newest", "record.get"),
    puts: units("blob.put", "blob.list"),
    gets: units("blob.get"),
  };
}

function sumOf(usages: readonly Usage[]): Usage {
  const sum = new Usage();
  for (const { calls, mapping, invocations, invocationMs } of usages) {
    for (const [kind, usage] of Object.entries(calls) as [keyof typeof calls, Usage["mapping"]][]) {
      sum.calls[kind].calls += usage.calls;
      sum.calls[kind].bytes += usage.bytes;
      sum.calls[kind].units += usage.units;
    }
    sum.mapping.calls += mapping.calls;
    sum.mapping.bytes += mapping.bytes;
    sum.mapping.units += mapping.units;
    sum.invocations += invocations;
    sum.invocationMs += invocationMs;
  }
  return sum;
}

function scaled({ queues, ledger, objects, functions, total }: Price, by: number): Price {
  return {
    queues: queues * by,
    ledger: ledger * by,
    objects: objects * by,
    functions: functions * by,
    total: total * by,
  };
}
