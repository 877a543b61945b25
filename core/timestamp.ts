/**
 * Event time is a JS number of integer milliseconds since the epoch. Flink's Long.MIN and Long.MAX
 * are -/+(2^53 - 1) here, and arithmetic saturates at them (semantics 1).
 */
export const MIN_TIMESTAMP: number = -Number.MAX_SAFE_INTEGER;
export const MAX_TIMESTAMP: number = Number.MAX_SAFE_INTEGER;

/** A record without event time carries this, as in Flink. */
export const NO_TIMESTAMP: number = MIN_TIMESTAMP;

/** The watermark before the first one, and the one that ends event time. */
export const MIN_WATERMARK: number = MIN_TIMESTAMP;
export const MAX_WATERMARK: number = MAX_TIMESTAMP;

/** `timestamp + deltaMs`, kept within MIN_TIMESTAMP and MAX_TIMESTAMP. */
export function addMs(timestamp: number, deltaMs: number): number {
  const sum = timestamp + deltaMs;
  if (sum >= MAX_TIMESTAMP) return MAX_TIMESTAMP;
  return sum <= MIN_TIMESTAMP ? MIN_TIMESTAMP : sum;
}

/** `-inf`, `+inf`, or the instant in ISO 8601 (plain milliseconds where a Date cannot hold it). */
export function formatTimestamp(timestamp: number): string {
  if (timestamp <= MIN_TIMESTAMP) return "-inf";
  if (timestamp >= MAX_TIMESTAMP) return "+inf";
  return Math.abs(timestamp) <= 8.64e15 ? new Date(timestamp).toISOString() : `${timestamp} ms`;
}
