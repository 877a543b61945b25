import { DataError, JobError, show } from "../../../core/errors.ts";

const DAY_MS = 86_400_000;

let lastDay = 0;
let lastDayText = "1970-01-01";

/**
 * The UTC day of an instant (a Date, or milliseconds since the epoch), for `partitionBy`.
 *
 * @throws DataError FILE_SINK_DATE when it is no instant
 * @example day(new Date("2001-02-03T04:05:06Z")) // "2001-02-03"
 */
export function day(instant: Date | number): string {
  const ms = typeof instant === "number" ? instant : instant.getTime();
  const number = Math.floor(ms / DAY_MS);
  // Records of a day mostly come together, and formatting a date costs more than writing a line.
  if (number !== lastDay) {
    lastDayText = isoText(ms, instant).split("T", 1)[0] ?? "";
    lastDay = number;
  }
  return lastDayText;
}

/**
 * The UTC hour of an instant, as Flink names its buckets.
 *
 * @throws DataError FILE_SINK_DATE when it is no instant
 * @example hour(new Date("2001-02-03T04:05:06Z")) // "2001-02-03--04"
 */
export function hour(instant: Date | number): string {
  const ms = typeof instant === "number" ? instant : instant.getTime();
  const hours = Math.floor(ms / 3_600_000) - Math.floor(ms / DAY_MS) * 24;
  return `${day(instant)}--${String(hours).padStart(2, "0")}`;
}

function isoText(ms: number, instant: unknown): string {
  if (Math.abs(ms) <= 8.64e15) return new Date(ms).toISOString();
  throw new DataError(`not an instant (got ${show(String(instant))})`, {
    code: "FILE_SINK_DATE",
    hint: "pass a valid Date, or milliseconds since the epoch",
  });
}

/** Refuses what `partitionBy` must not return; called once per folder, not per record. */
export function checkPartition(partition: unknown): asserts partition is string {
  const fault = faultOf(partition);
  if (fault === null) return;
  throw new JobError(`"partitionBy" returned ${fault} (got ${show(partition)})`, {
    code: "FILE_SINK_PARTITION",
    hint: 'return a relative folder such as "2001-02-03" or "SEA/2001-02-03"',
  });
}

function faultOf(partition: unknown): string | null {
  if (typeof partition !== "string") return "no string";
  if (partition.startsWith("/") || /^[A-Za-z]:/.test(partition)) return "an absolute path";
  if (partition.includes("\\") || partition.includes("\0")) return "a forbidden character";
  for (const segment of partition.split("/")) {
    if (segment === "") return "an empty name";
    if (segment === "..") return 'a ".."';
    if (segment.startsWith(".")) return "a name that begins with a dot, which readers skip";
  }
  return null;
}
