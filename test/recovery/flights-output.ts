import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Flight } from "./flights-slice.ts";

/**
 * All lines of the finished files below a folder, sorted; hidden files are nobody's business.
 * `of`: which files, by their path.
 */
export function outputLines(
  folder: string,
  of: (path: string) => boolean = () => true,
): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.startsWith(".") && of(entry.parentPath),
  );
  const lines = files.flatMap((entry) => {
    const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
    if (!text.endsWith("\n")) throw new Error(`${entry.name} ends in the middle of a line`);
    return text.slice(0, -1).split("\n");
  });
  return lines.sort();
}

interface HourlyRow {
  readonly origin: string;
  readonly windowStart: string;
  readonly flights: number;
  readonly meanDelay: number;
  readonly over15: number;
}

interface LateRow {
  readonly date: string;
  readonly delay: number;
  readonly origin: string;
}

/** What is counted per origin and hour, and must come out as it went in. */
class Balance {
  readonly #open = new Map<string, { flights: number; delay: number; over15: number }>();

  add(key: string, flights: number, delay: number, over15: number): void {
    const entry = this.#open.get(key) ?? { flights: 0, delay: 0, over15: 0 };
    entry.flights += flights;
    entry.delay += delay;
    entry.over15 += over15;
    this.#open.set(key, entry);
  }

  /** What does not balance. */
  differences(): readonly string[] {
    const differences: string[] = [];
    for (const [key, { flights, delay, over15 }] of this.#open) {
      if (flights === 0 && delay === 0 && over15 === 0) continue;
      differences.push(`${key}: ${flights} flights, ${delay} minutes, ${over15} over 15 missing`);
    }
    return differences;
  }
}

const HOUR_MS = 3_600_000;

/** Origin and hour since the epoch. */
function keyOf(origin: string, timestamp: number): string {
  return `${origin} ${Math.floor(timestamp / HOUR_MS)}`;
}

function over15(delay: number): number {
  return delay > 15 ? 1 : 0;
}

/**
 * What of the input is not counted exactly once: in one row of its origin and hour, or once as a
 * late line. Also late lines that the input does not have (so often).
 */
export function unbalanced(
  flights: readonly Flight[],
  hourly: readonly string[],
  late: readonly string[],
): readonly string[] {
  const balance = new Balance();
  const foreign = new Map<string, number>();
  for (const text of late) {
    const { date, delay, origin } = JSON.parse(text) as LateRow;
    const scheduled = Date.parse(date);
    balance.add(keyOf(origin, scheduled + delay * 60_000), -1, -delay, -over15(delay));
    const flight = `${scheduled} ${delay} ${origin}`;
    foreign.set(flight, (foreign.get(flight) ?? 0) + 1);
  }
  for (const { date, delay, origin } of flights) {
    const scheduled = date.getTime();
    balance.add(keyOf(origin, scheduled + delay * 60_000), 1, delay, over15(delay));
    const flight = `${scheduled} ${delay} ${origin}`;
    const lines = foreign.get(flight);
    if (lines !== undefined) foreign.set(flight, lines - 1);
  }
  for (const text of hourly) {
    const row = JSON.parse(text) as HourlyRow;
    const delay = Math.round(row.meanDelay * row.flights);
    const key = keyOf(row.origin, Date.parse(row.windowStart));
    balance.add(key, -row.flights, -delay, -row.over15);
  }
  const tooOften = [...foreign].filter(([, lines]) => lines > 0);
  const said = tooOften.map(([flight, lines]) => `${flight}: ${lines} late lines too many`);
  return [...said, ...balance.differences()];
}
