import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { type CostRow, costRow, widthsOf } from "./cost-rows.ts";
import { idleRow } from "./idle.ts";
import { TURN_MS, latencies } from "./latency.ts";
import { overheadRows } from "./overhead.ts";

/** Costs, latency and overhead of the functions host: `npm run bench:functions [-- <results file>]`. */

const only = process.env["BENCH_ONLY"];
const [output] = process.argv.slice(2);
const wanted = (part: string): boolean => only === undefined || part.includes(only);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const PARALLELISM = [1, 4, 16, 64];
/** Enough for some hundred turns of each vertex. */
const spanMsOf = (p: number): number => ({ 1: 10_000, 4: 6_000 })[p] ?? 3_000;
const MONTHLY = { hourly: true, bufferTimeoutMs: 5_000, lingerMs: 1_000 } as const;
const FIVE_MINUTES = 300_000;

async function throughputRows(): Promise<readonly CostRow[]> {
  const rows: CostRow[] = [];
  for (const turnRecords of [1_000, 10_000]) {
    for (const p of PARALLELISM) {
      for (const cold of [false, true]) {
        const name = `${turnRecords} records a turn, p = ${p}, ${cold ? "cold" : "warm"}`;
        const changes = { turnRecords, cold, widths: widthsOf(p), spanMs: spanMsOf(p) };
        rows.push(told(await costRow(name, changes)));
      }
    }
  }
  return rows;
}

/** How much state there is; the state is filled before anything is counted. */
async function stateRows(): Promise<readonly CostRow[]> {
  const rows: CostRow[] = [];
  for (const keys of [100, 1_000, 10_000, 100_000, 1_000_000]) {
    for (const cold of keys < 1_000_000 ? [false, true] : [false]) {
      const name = `${keys} keys, p = 1, ${cold ? "cold" : "warm"}`;
      // About 60,000 records per virtual second at 10,000 a turn.
      const warmUpMs = 3_000 + keys / 40;
      const changes = { keys, cold, warmUpMs, warmUpTurnRecords: 10_000, settleMs: 1_000 };
      rows.push(told(await costRow(name, { ...changes, widths: widthsOf(1) })));
    }
  }
  return rows;
}

async function monthlyRows(): Promise<readonly CostRow[]> {
  const rows: CostRow[] = [];
  const row = async (name: string, changes: Parameters<typeof costRow>[1]): Promise<void> => {
    rows.push(told(await costRow(name, { ...MONTHLY, ...changes }), "month"));
  };
  const slow = { ratePerSecond: 1, widths: widthsOf(4), checkpointMs: FIVE_MINUTES };
  await row("1 record/s, hourly windows, p = 4", { ...slow, spanMs: 3_600_000 });
  await row("the same, cold", { ...slow, cold: true, spanMs: 3_600_000 });
  await row("the same, a checkpoint every 10 s", {
    ...slow,
    checkpointMs: 10_000,
    spanMs: 600_000,
  });
  for (const p of [1, 16]) {
    await row(`the same, p = ${p}`, { ...slow, widths: widthsOf(p), spanMs: 1_200_000 });
  }
  const fast = { ratePerSecond: 100, widths: widthsOf(4), checkpointMs: FIVE_MINUTES };
  await row("100 records/s, hourly windows, p = 4", { ...fast, spanMs: 600_000 });
  await row("the same, cold", { ...fast, cold: true, spanMs: 300_000 });
  return rows;
}

function told(row: CostRow, per: "million" | "month" = "million"): CostRow {
  const { calls, usdPerMillion } = row;
  const cost =
    per === "million"
      ? `${usdPerMillion.total.toFixed(4)} USD per million (source ${row.usdPerMillionOfSource.toFixed(4)})`
      : `${row.usdPerMonth.toFixed(2)} USD a month (source ${row.usdPerMonthOfSource.toFixed(2)})`;
  const share = (value: number): string => `${Math.round((100 * value) / usdPerMillion.total)}%`;
  say(
    `${row.name} [${row.widths.join(" > ")}]: ${cost}; queues ${share(usdPerMillion.queues)}, ` +
      `ledger ${share(usdPerMillion.ledger)}, objects ${share(usdPerMillion.objects)}, ` +
      `functions ${share(usdPerMillion.functions)}; per 1,000 records ${calls.turns.toFixed(2)} turns, ` +
      `${calls.queueRequests.toFixed(1)} requests, ${calls.writeUnits.toFixed(1)} write and ` +
      `${calls.readUnits.toFixed(1)} read units, ${calls.puts.toFixed(2)} puts, ${calls.gets.toFixed(2)} gets; ` +
      `${row.msPerInvocation.toFixed(0)} ms an invocation`,
  );
  return row;
}

const results = {
  command: "npm run bench:functions -- bench/results/functions.json",
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
  /** Of simulated time: the same on every machine. */
  throughput: wanted("throughput") ? await throughputRows() : null,
  state: wanted("state") ? await stateRows() : null,
  monthly: wanted("monthly") ? await monthlyRows() : null,
  idle: wanted("idle") ? await idleRow() : null,
  latency: wanted("latency") ? { turnMs: TURN_MS, rows: latencies(1_000_000) } : null,
  /** Of this machine's clock. */
  overhead: wanted("overhead") ? await overheadRows(say) : null,
};
if (results.idle !== null) say(`idle: ${JSON.stringify(results.idle)}`);
for (const row of results.latency?.rows ?? []) say(`latency, ${JSON.stringify(row)}`);
if (output !== undefined) writeFileSync(output, `${JSON.stringify(results, round, 2)}\n`);

/** Four digits are enough of any figure that is not whole. */
function round(_name: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return Number(value.toPrecision(4));
}
