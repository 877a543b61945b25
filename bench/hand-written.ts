/**
 * The hand-written loops that Millrace is measured against: the same work on the same objects,
 * with function parameters instead of literals, so that their call sites are shared by several
 * jobs as in real life. No checkpoint, no event time, no recovery.
 */
export interface Reading {
  readonly key: number;
  readonly value: number;
  readonly timestamp: number;
}

export interface Steps {
  readonly first: (value: Reading) => number;
  readonly keep: (value: number) => boolean;
  readonly second: (value: number) => number;
  readonly sink: (value: number) => void;
}

/** map, filter, map. */
export function mapFilterMap(input: readonly Reading[], rounds: number, steps: Steps): void {
  const { first, keep, second, sink } = steps;
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < input.length; i += 1) {
      const value = first(input[i] as Reading);
      if (keep(value)) sink(second(value));
    }
  }
}

/** A running sum per key in one flat Map. */
export function keyedSum(
  input: readonly Reading[],
  rounds: number,
  keyOf: (value: Reading) => number,
  add: (sum: number, value: Reading) => number,
  sink: (value: number) => void,
): void {
  const sums = new Map<number, number>();
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < input.length; i += 1) {
      const value = input[i] as Reading;
      const key = keyOf(value);
      const sum = add(sums.get(key) ?? 0, value);
      sums.set(key, sum);
      sink(sum);
    }
  }
}

interface WindowStats {
  count: number;
  sum: number;
  max: number;
}

/** Count, sum and max per key and tumbling window; a window is emitted when time passes its end. */
export function tumblingStats(
  input: readonly Reading[],
  rounds: number,
  sizeMs: number,
  roundMs: number,
  boundMs: number,
  keyOf: (value: Reading) => number,
  emit: (key: number, start: number, stats: WindowStats) => void,
): void {
  const windows = new Map<number, Map<number, WindowStats>>();
  let lastStart = NaN;
  let last: Map<number, WindowStats> = new Map();
  let maxTimestamp = 0;
  let nextEnd = sizeMs;
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < input.length; i += 1) {
      const value = input[i] as Reading;
      const timestamp = value.timestamp + round * roundMs;
      const start = timestamp - (timestamp % sizeMs);
      if (start !== lastStart) {
        lastStart = start;
        let window = windows.get(start);
        if (window === undefined) {
          window = new Map();
          windows.set(start, window);
        }
        last = window;
      }
      const key = keyOf(value);
      const stats = last.get(key);
      if (stats === undefined) last.set(key, { count: 1, sum: value.value, max: value.value });
      else {
        stats.count += 1;
        stats.sum += value.value;
        if (value.value > stats.max) stats.max = value.value;
      }
      if (timestamp > maxTimestamp) maxTimestamp = timestamp;
      if (maxTimestamp - boundMs - 1 >= nextEnd - 1) {
        fire(windows, nextEnd - sizeMs, emit);
        nextEnd += sizeMs;
        lastStart = NaN;
      }
    }
  }
  for (const start of [...windows.keys()].sort((a, b) => a - b)) fire(windows, start, emit);
}

function fire(
  windows: Map<number, Map<number, WindowStats>>,
  start: number,
  emit: (key: number, start: number, stats: WindowStats) => void,
): void {
  const window = windows.get(start);
  if (window === undefined) return;
  windows.delete(start);
  for (const [key, stats] of window) emit(key, start, stats);
}

/**
 * Sums per key over sliding windows: one pane per slide, a running sum per key, and one result per
 * key and slide while the window holds anything of the key.
 */
export function slidingSums(
  input: readonly Reading[],
  rounds: number,
  sizeMs: number,
  slideMs: number,
  roundMs: number,
  boundMs: number,
  keyOf: (value: Reading) => number,
  emit: (key: number, end: number, sum: number) => void,
): void {
  const panes = new Map<number, Map<number, { sum: number; count: number }>>();
  const running = new Map<number, { sum: number; count: number }>();
  let maxTimestamp = -Infinity;
  let nextEnd = slideMs;
  const advance = (): void => {
    const entering = panes.get(nextEnd - slideMs);
    if (entering !== undefined) {
      for (const [key, pane] of entering) {
        const total = running.get(key);
        if (total === undefined) running.set(key, { sum: pane.sum, count: pane.count });
        else {
          total.sum += pane.sum;
          total.count += pane.count;
        }
      }
    }
    for (const [key, total] of running) emit(key, nextEnd, total.sum);
    const leavingStart = nextEnd - sizeMs;
    const leaving = panes.get(leavingStart);
    if (leaving !== undefined) {
      panes.delete(leavingStart);
      for (const [key, pane] of leaving) {
        const total = running.get(key);
        if (total === undefined) continue;
        total.sum -= pane.sum;
        total.count -= pane.count;
        if (total.count === 0) running.delete(key);
      }
    }
    nextEnd += slideMs;
  };
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < input.length; i += 1) {
      const value = input[i] as Reading;
      const timestamp = value.timestamp + round * roundMs;
      const start = timestamp - (timestamp % slideMs);
      let pane = panes.get(start);
      if (pane === undefined) {
        pane = new Map();
        panes.set(start, pane);
      }
      const key = keyOf(value);
      const held = pane.get(key);
      if (held === undefined) pane.set(key, { sum: value.value, count: 1 });
      else {
        held.sum += value.value;
        held.count += 1;
      }
      if (timestamp > maxTimestamp) maxTimestamp = timestamp;
      while (maxTimestamp - boundMs - 1 >= nextEnd - 1) advance();
    }
  }
  const end = maxTimestamp + sizeMs;
  while (nextEnd <= end) advance();
}
