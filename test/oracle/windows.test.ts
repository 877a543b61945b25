import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MIN_WATERMARK } from "../../core/timestamp.ts";
import { WindowHarness } from "../core/windowing/harness.ts";
import type { HarnessOptions } from "../core/windowing/harness.ts";
import { runs } from "./runs.ts";
import { traces } from "./trace.ts";
import type { Item, Step } from "./trace.ts";
import { functions, windows } from "./window-cases.ts";
import type { FunctionCase, WindowCase } from "./window-cases.ts";

const MODES: readonly { readonly name: string; readonly options: HarnessOptions }[] = [
  { name: "plain", options: {} },
  { name: "strict", options: { strict: true } },
  { name: "undoable", options: { undoable: true } },
];

describe("every window emits what the model says after every step, also over a restart", () => {
  for (const window of windows) {
    describe(window.name, () => {
      for (const fn of functions) {
        test(fn.name, () => {
          fc.assert(
            fc.property(
              traces,
              fc.constantFrom(...MODES),
              fc.integer({ min: 0, max: 40 }),
              (trace, mode, failure) => compare(window, fn, trace, mode.options, failure),
            ),
            runs(40),
          );
        });
      }
    });
  }
});

function compare(
  window: WindowCase,
  fn: FunctionCase,
  trace: readonly Step[],
  options: HarnessOptions,
  failure: number,
): void {
  let harness = new WindowHarness(window.spec(fn.spec), options);
  const outcomes = window.model(trace);
  const items = new Map<number, Item>();
  let watermark = MIN_WATERMARK;
  for (const [at, step] of trace.entries()) {
    // A restart forgets the watermark (semantics 9); once it is back, everything is as before.
    if (at % 7 === 3) harness.checkpoint();
    if (at === failure) {
      harness = harness.restarted();
      harness.watermark(watermark);
    }
    if (step.kind === "watermark") {
      watermark = step.timestamp;
      harness.watermark(watermark);
    } else {
      const item: Item = { id: step.id, value: step.value };
      items.set(step.id, item);
      if (options.undoable === true) {
        // As a dead letter: everything is taken back, and has left no trace.
        harness.state.journal?.release();
        harness.send(step.key, { id: -1, value: step.value }, step.timestamp);
        harness.state.journal?.rollback();
        harness.take();
        harness.takeSide();
      }
      harness.send(step.key, item, step.timestamp);
      harness.state.journal?.release();
    }
    const outcome = outcomes[at];
    const emitted = harness.take();
    const times = emitted.map((emission) => emission.timestamp);
    if (step.kind === "watermark") {
      expect(times).toEqual([...times].sort((left, right) => left - right));
    }
    expect(sorted(emitted.map((emission) => emission.value))).toEqual(
      sorted((outcome?.fired ?? []).map((fired) => fn.expected(fired, items))),
    );
    const late = harness.takeSide().map((emission) => (emission.value as Item).id);
    expect(late).toEqual(outcome?.late);
  }
  // Only the global window outlives the last watermark, and panes by one millisecond.
  harness.watermark(1_000_000);
  if (!window.name.includes("global")) {
    expect(harness.openNamespaces).toBe(0);
    expect(harness.state.keyed.size).toBe(0);
  }
}

function sorted(values: readonly unknown[]): readonly unknown[] {
  return values.map((value) => JSON.stringify(value)).sort();
}
