import type { AlignedWindows } from "./window-assigner.ts";
import { windowStart } from "./window.ts";

/** More panes a window than this are more work than what sharing them saves. */
const PANES_MAX = 100_000;

/**
 * Panes: the longest equal pieces of the time axis of which sliding windows consist. All instants
 * in milliseconds.
 */
export interface PaneLayout extends AlignedWindows {
  /** The greatest common divisor of size and slide. */
  readonly paneMs: number;
}

/** The panes of overlapping windows; null where each window by itself is less work. */
export function paneLayout(windows: AlignedWindows): PaneLayout | null {
  const { sizeMs, slideMs } = windows;
  if (slideMs >= sizeMs) return null;
  const paneMs = greatestCommonDivisor(sizeMs, slideMs);
  const panes = sizeMs / paneMs;
  const windowsPerElement = sizeMs / slideMs;
  if (panes > PANES_MAX || panes > windowsPerElement * 8) return null;
  return { ...windows, paneMs };
}

/** The end of the first window that holds the pane. */
export function firstWindowEnd(layout: PaneLayout, paneStart: number): number {
  const { sizeMs, slideMs, offsetMs, paneMs } = layout;
  // The smallest start that is not below the pane's end minus the size.
  const start = windowStart(paneStart + paneMs - sizeMs + slideMs - 1, slideMs, offsetMs);
  return start + sizeMs;
}

/** The end of the last window that holds the pane. */
export function lastWindowEnd(layout: PaneLayout, paneStart: number): number {
  return windowStart(paneStart, layout.slideMs, layout.offsetMs) + layout.sizeMs;
}

function greatestCommonDivisor(left: number, right: number): number {
  let a = left;
  let b = right;
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
