import { UsageError, show } from "./errors.ts";

/** A span of time as users write it, e.g. `{ hours: 1, minutes: 30 }`. Fields add up. */
export interface Duration {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

const FIELD_MS: Readonly<Record<string, number>> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
};

const UNIT_MS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};

/**
 * The milliseconds of a duration; `name` names the setting in errors. Unknown fields, negative and
 * fractional results are a UsageError.
 *
 * @example durationMs({ hours: 1, minutes: 30 }, "size") // 5_400_000
 */
export function durationMs(duration: Duration, name: string): number {
  if (typeof duration !== "object" || duration === null) {
    throw invalid(name, duration, "write an object such as { minutes: 5 }");
  }
  let sum = 0;
  for (const [field, amount] of Object.entries(duration) as [string, unknown][]) {
    const unit = FIELD_MS[field];
    if (unit === undefined) {
      throw invalid(name, duration, `use the fields ${Object.keys(FIELD_MS).join(", ")}`);
    }
    if (amount === undefined) continue;
    if (typeof amount !== "number" || !(amount >= 0)) {
      throw invalid(name, duration, `"${field}" must be a number that is not negative`);
    }
    sum += amount * unit;
  }
  if (!Number.isSafeInteger(sum)) throw invalid(name, duration, "it must be whole milliseconds");
  return sum;
}

/**
 * Reads `30h`, `1h30m`, `500ms` (units d, h, m, s, ms), as written on a command line.
 *
 * @example parseDuration("1h30m", "bound") // { milliseconds: 5_400_000 }
 */
export function parseDuration(text: string, name: string): Duration {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|d|h|m|s)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text) {
    throw invalid(name, text, "write for instance 30h, 1h30m, 90s or 500ms");
  }
  const sum = parts.reduce((ms, part) => ms + Number(part[1]) * (UNIT_MS[part[2] ?? ""] ?? 0), 0);
  return { milliseconds: sum };
}

/** The shortest exact form of a span: `1h30m`, `10s`, `0ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0ms";
  let rest = ms;
  let text = "";
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    const count = Math.floor(rest / unitMs);
    if (count === 0) continue;
    text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}

function invalid(name: string, value: unknown, hint: string): UsageError {
  return new UsageError(`${name} is not a duration (got ${show(value)})`, {
    code: "USAGE_DURATION",
    hint,
  });
}
