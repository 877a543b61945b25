const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `3,000,000`. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** `1 checkpoint`, `3 checkpoints`. */
export function formatAmount(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `812,000/s`: three digits are enough for a rate. */
export function formatRate(perSecond: number): string {
  const digits = Math.max(0, Math.floor(Math.log10(Math.max(1, perSecond))) - 2);
  const unit = 10 ** digits;
  return `${formatCount(Math.round(perSecond / unit) * unit)}/s`;
}

/** `412 MB`: millions of bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${formatCount(bytes / 1_000)} kB`;
  return `${formatCount(bytes / 1_000_000)} MB`;
}

/** `0.4 s`, `6.2 s`, `4 min 10 s`. */
export function formatSeconds(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const rest = Math.round(seconds);
  return `${Math.floor(rest / 60)} min ${rest % 60} s`;
}
