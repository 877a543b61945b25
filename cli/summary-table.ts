import Table from "cli-table3";
import { formatAmount, formatBytes, formatCount, formatRate, formatSeconds } from "./quantity.ts";
import type { RunSummary } from "./run-summary.ts";

/** The summary as a table for people, without a frame; `dim` styles what is only a label. */
export function summaryTable(summary: RunSummary, dim: (text: string) => string): string {
  const table = new Table({ chars: NO_FRAME, style: { head: [], border: [], "padding-left": 0 } });
  for (const [label, value] of rows(summary)) table.push([`  ${dim(label)}`, value]);
  const lines = table.toString().split("\n");
  return [title(summary), ...lines.map((line) => line.trimEnd())].join("\n");
}

const EDGES = ["top", "bottom", "mid"].flatMap((edge) =>
  [edge, `${edge}-mid`, `${edge}-left`, `${edge}-right`].map((name) => [name, ""] as const),
);
const SIDES = ["left", "left-mid", "right", "right-mid", "middle"].map(
  (name) => [name, ""] as const,
);
const NO_FRAME = Object.fromEntries([...EDGES, ...SIDES]);

function title({ job, state, restarts }: RunSummary): string {
  const after = restarts === 0 ? "" : ` after ${formatAmount(restarts, "restart")}`;
  return `job ${job} ${state}${after}`;
}

function rows(summary: RunSummary): readonly (readonly [label: string, value: string])[] {
  const { records, countedFrom, lateRecords, durationMs, recordsPerSecond } = summary;
  const since = countedFrom === null ? "" : ` (since checkpoint ${countedFrom})`;
  return [
    ["records in", `${formatCount(records)}${since}`],
    ["late records", formatCount(lateRecords)],
    ...summary.sinks.map(
      ({ name, target, records: written }) =>
        [name, `${formatAmount(written, "record")} to ${target}${since}`] as const,
    ),
    ...Object.entries(summary.accumulators).map(
      ([name, value]) => [name, formatCount(value)] as const,
    ),
    ["checkpoints", checkpoints(summary)],
    ["time", `${formatSeconds(durationMs)}, ${formatRate(recordsPerSecond)}`],
    ...functionRows(summary),
    ["peak memory", peakMemory(summary)],
  ];
}

function functionRows({ functions }: RunSummary): readonly (readonly [string, string])[] {
  if (functions === null) return [];
  const { turns, recordsPerTurn, bytesCommitted, workers, workersLost } = functions;
  const lost = workersLost === 0 ? "" : `, ${formatCount(workersLost)} ended and were replaced`;
  return [
    ["turns", `${formatCount(turns)}, ${formatCount(recordsPerTurn)} records a turn`],
    ["committed", `${formatBytes(bytesCommitted)} in entries and objects`],
    ["workers", `${formatCount(workers)}${lost}`],
  ];
}

function peakMemory({ peakMemoryBytes, functions }: RunSummary): string {
  return `${formatBytes(peakMemoryBytes)}${functions === null ? "" : " without the workers"}`;
}

function checkpoints({ checkpoints: count, checkpointDir, lastCheckpoint }: RunSummary): string {
  const last = lastCheckpoint === null ? "" : `, the last is chk-${lastCheckpoint}`;
  return `${formatCount(count)} in ${checkpointDir}${last}`;
}
