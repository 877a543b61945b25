import type { ElementStep, Step } from "./trace.ts";

/** A window's result as the model knows it: which elements, of which key, in which window. */
export interface Fired {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** Ascending. */
  readonly ids: readonly number[];
}

/** What one step made come out. */
export interface Outcome {
  readonly fired: readonly Fired[];
  /** The element of the step, when all its windows were late. */
  readonly late: readonly number[];
}

/** Fires with every n-th element of a window instead of at its end. */
export interface CountRule {
  readonly n: number;
  readonly purging: boolean;
}

/**
 * Tumbling and sliding windows from their definition: nothing is kept between steps, each is
 * computed from the whole trace before it.
 */
export function alignedOutcomes(
  trace: readonly Step[],
  size: number,
  slide: number,
  offset: number,
  lateness: number,
): readonly Outcome[] {
  const starts = allStarts(trace, size, slide, offset);
  return trace.map((step, at) => {
    const before = watermarkBefore(trace, at);
    if (step.kind === "element") {
      const holding = starts.filter(
        (start) => start <= step.timestamp && step.timestamp < start + size,
      );
      const open = holding.filter((start) => start + size - 1 + lateness > before);
      const passed = open.filter((start) => start + size - 1 <= before);
      return {
        fired: passed.map((start) => windowAt(trace, at, step.key, start, size, lateness)),
        late: holding.length > 0 && open.length === 0 ? [step.id] : [],
      };
    }
    const reached = starts.filter(
      (start) => before < start + size - 1 && start + size - 1 <= step.timestamp,
    );
    const fired = reached.flatMap((start) =>
      keysOf(trace).map((key) => windowAt(trace, at, key, start, size, lateness)),
    );
    return { fired: fired.filter((window) => window.ids.length > 0), late: [] };
  });
}

/** The window's elements that were accepted up to and with step `at`. */
function windowAt(
  trace: readonly Step[],
  at: number,
  key: string,
  start: number,
  size: number,
  lateness: number,
): Fired {
  const ids = trace.flatMap((step, index) => {
    if (index > at || step.kind !== "element" || step.key !== key) return [];
    const inside = start <= step.timestamp && step.timestamp < start + size;
    const accepted = start + size - 1 + lateness > watermarkBefore(trace, index);
    return inside && accepted ? [step.id] : [];
  });
  return { key, start, end: start + size, ids };
}

/** A window with contents that the model follows through a trace. */
interface Live {
  readonly key: string;
  start: number;
  end: number;
  elements: ElementStep[];
  /** Elements since the count trigger fired. */
  count: number;
}

/** Sessions with a gap, fired at their end or by count. */
export function sessionOutcomes(
  trace: readonly Step[],
  gapOf: (step: ElementStep) => number,
  lateness: number,
  rule: CountRule | null,
): readonly Outcome[] {
  let live: Live[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  return trace.map((step) => {
    if (step.kind === "watermark") {
      const due = live.filter((one) => watermark < one.end - 1 && one.end - 1 <= step.timestamp);
      watermark = step.timestamp;
      live = live.filter((one) => one.end - 1 + lateness > watermark);
      return { fired: rule === null ? due.map(firedOf) : [], late: [] };
    }
    const own: Live = {
      key: step.key,
      start: step.timestamp,
      end: step.timestamp + gapOf(step),
      elements: [],
      count: 0,
    };
    const touching = live.filter(
      (one) => one.key === step.key && one.start <= own.end && own.start <= one.end,
    );
    if (touching.length === 0 && own.end - 1 + lateness <= watermark) {
      return { fired: [], late: [step.id] };
    }
    for (const one of touching) {
      own.start = Math.min(own.start, one.start);
      own.end = Math.max(own.end, one.end);
      own.elements.push(...one.elements);
      own.count += one.count;
    }
    live = [...live.filter((one) => !touching.includes(one)), own];
    own.elements.push(step);
    return { fired: fireOnElement(own, watermark, rule), late: [] };
  });
}

/** Tumbling, sliding or global (size null) windows with a count trigger. */
export function countedOutcomes(
  trace: readonly Step[],
  size: number | null,
  slide: number,
  lateness: number,
  rule: CountRule,
): readonly Outcome[] {
  const starts = size === null ? [0] : allStarts(trace, size, slide, 0);
  const live = new Map<string, Live>();
  let watermark = Number.NEGATIVE_INFINITY;
  return trace.map((step) => {
    if (step.kind === "watermark") {
      watermark = step.timestamp;
      for (const [name, one] of live) if (one.end - 1 + lateness <= watermark) live.delete(name);
      return { fired: [], late: [] };
    }
    const holding = starts.filter(
      (start) => size === null || (start <= step.timestamp && step.timestamp < start + size),
    );
    const open = holding.filter(
      (start) => size === null || start + size - 1 + lateness > watermark,
    );
    const fired = open.flatMap((start) => {
      const name = `${step.key} ${start}`;
      const end = size === null ? Number.POSITIVE_INFINITY : start + size;
      const one = live.get(name) ?? { key: step.key, start, end, elements: [], count: 0 };
      live.set(name, one);
      one.elements.push(step);
      return fireOnElement(one, watermark, rule);
    });
    return { fired, late: holding.length > 0 && open.length === 0 ? [step.id] : [] };
  });
}

function fireOnElement(one: Live, watermark: number, rule: CountRule | null): Fired[] {
  if (rule === null) return one.end - 1 <= watermark ? [firedOf(one)] : [];
  one.count += 1;
  if (one.count < rule.n) return [];
  one.count = 0;
  const fired = [firedOf(one)];
  if (rule.purging) one.elements = [];
  return fired;
}

function firedOf(one: Live): Fired {
  const ids = one.elements.map((element) => element.id).sort((left, right) => left - right);
  return { key: one.key, start: one.start, end: one.end, ids };
}

/** The newest watermark before step `at`. */
function watermarkBefore(trace: readonly Step[], at: number): number {
  let watermark = Number.NEGATIVE_INFINITY;
  for (const step of trace.slice(0, at)) if (step.kind === "watermark") watermark = step.timestamp;
  return watermark;
}

function keysOf(trace: readonly Step[]): readonly string[] {
  return [...new Set(trace.flatMap((step) => (step.kind === "element" ? [step.key] : [])))];
}

/** Every window start that may matter to the trace. */
function allStarts(trace: readonly Step[], size: number, slide: number, offset: number): number[] {
  const times = trace.flatMap((step) => (step.kind === "element" ? [step.timestamp] : []));
  if (times.length === 0) return [];
  const from = Math.floor((Math.min(...times) - size - offset) / slide);
  const to = Math.ceil((Math.max(...times) - offset) / slide);
  const starts: number[] = [];
  for (let k = from; k <= to; k++) starts.push(offset + k * slide);
  return starts;
}
