import { durationMs, formatDuration } from "../duration.ts";
import type { Duration } from "../duration.ts";
import { PlanError } from "../errors.ts";
import type { AlignedWindows } from "./window-assigner.ts";

/** The windows `[offset + k * slide, + size)`, checked; `name` names the assigner in errors. */
export function alignedWindows(
  name: string,
  size: Duration,
  slide: Duration,
  offset: Duration,
): AlignedWindows {
  const sizeMs = positiveMs(name, "size", size);
  const slideMs = positiveMs(name, "slide", slide);
  const offsetMs = signedMs(name, offset);
  if (Math.abs(offsetMs) >= slideMs) {
    throw new PlanError(
      `${name}: the offset is not smaller than ${formatDuration(slideMs)} (got ${offsetMs} ms)`,
      {
        code: "PLAN_WINDOW_OFFSET",
        hint: "give an offset between minus and plus one size (of sliding windows: one slide), for instance { hours: -8 }",
      },
    );
  }
  return { sizeMs, slideMs, offsetMs };
}

/** The milliseconds of a span that must not be empty. */
export function positiveMs(name: string, what: string, span: Duration): number {
  const ms = durationMs(span, `${name}: ${what}`);
  if (ms > 0) return ms;
  throw new PlanError(`${name}: the ${what} is not positive (got ${ms} ms)`, {
    code: "PLAN_WINDOW_SIZE",
    hint: `give a ${what} of at least one millisecond, for instance { minutes: 5 }`,
  });
}

/** `tumbling(1h)`, `sliding(1h, 10s, offset 5s)`: how plans print such windows. */
export function describeAligned(windows: AlignedWindows): string {
  const { sizeMs, slideMs, offsetMs } = windows;
  const kind = sizeMs === slideMs ? "tumbling" : "sliding";
  const slide = sizeMs === slideMs ? "" : `, ${formatDuration(slideMs)}`;
  const sign = offsetMs < 0 ? "-" : "";
  const offset = offsetMs === 0 ? "" : `, offset ${sign}${formatDuration(Math.abs(offsetMs))}`;
  return `${kind}(${formatDuration(sizeMs)}${slide}${offset})`;
}

/** An offset may be negative (`{ hours: -8 }`), in all its fields. */
function signedMs(name: string, offset: Duration): number {
  const fields = Object.entries(offset) as [keyof Duration, number][];
  if (!fields.some(([, amount]) => amount < 0)) return durationMs(offset, `${name}: offset`);
  const opposite = Object.fromEntries(fields.map(([field, amount]) => [field, -amount]));
  return -durationMs(opposite, `${name}: offset without its sign`);
}
