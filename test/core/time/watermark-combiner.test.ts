import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WatermarkCombiner } from "../../../core/time/watermark-combiner.ts";
import { MAX_WATERMARK, MIN_WATERMARK } from "../../../core/timestamp.ts";

type Step = { readonly input: number; readonly watermark: number } | Status;
type Status = { readonly input: number; readonly idle: boolean };

function feed(combiner: WatermarkCombiner, step: Step): boolean {
  return "idle" in step
    ? combiner.setIdle(step.input, step.idle)
    : combiner.update(step.input, step.watermark);
}

/** Flink's valve as plainly as it can be written: one object per input, everything recomputed. */
class NaiveValve {
  emitted: number[] = [];
  last = MIN_WATERMARK;
  readonly inputs: { watermark: number; idle: boolean; aligned: boolean }[];

  constructor(count: number) {
    this.inputs = Array.from({ length: count }, () => ({
      watermark: MIN_WATERMARK,
      idle: false,
      aligned: true,
    }));
  }

  get idle(): boolean {
    return this.inputs.every((input) => input.idle);
  }

  feed(step: Step): void {
    const input = this.inputs[step.input]!;
    if ("idle" in step) return this.status(input, step.idle);
    if (input.idle && step.watermark === MAX_WATERMARK) this.status(input, false);
    if (input.idle || step.watermark <= input.watermark) return;
    input.watermark = step.watermark;
    input.aligned ||= step.watermark >= this.last;
    this.emitMinimum();
  }

  status(input: (typeof this.inputs)[number], idle: boolean): void {
    if (input.idle === idle) return;
    input.idle = idle;
    input.aligned = !idle && input.watermark >= this.last;
    if (this.idle) this.emit(Math.max(...this.inputs.map((each) => each.watermark)));
    else if (idle && input.watermark === this.last) this.emitMinimum();
  }

  emitMinimum(): void {
    const aligned = this.inputs.filter((input) => input.aligned);
    if (aligned.length > 0) this.emit(Math.min(...aligned.map((input) => input.watermark)));
  }

  emit(watermark: number): void {
    if (watermark <= this.last) return;
    this.last = watermark;
    this.emitted.push(watermark);
  }
}

const INPUTS = 3;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    input: fc.nat(INPUTS - 1),
    watermark: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: -2, max: 8 }) },
      { weight: 1, arbitrary: fc.constant(MAX_WATERMARK) },
    ),
  }),
  fc.record({ input: fc.nat(INPUTS - 1), idle: fc.boolean() }),
);

describe("the combined watermark of several inputs", () => {
  test("is the minimum, and starts at MIN", () => {
    const combiner = new WatermarkCombiner(2);
    expect(combiner.current).toBe(MIN_WATERMARK);
    expect(combiner.update(0, 10)).toBe(false);
    expect(combiner.update(1, 5)).toBe(true);
    expect(combiner.current).toBe(5);
  });

  test("leaves idle inputs out", () => {
    const combiner = new WatermarkCombiner(3);
    combiner.update(0, 10);
    combiner.update(1, 7);
    expect(combiner.setIdle(2, true)).toBe(true);
    expect(combiner.current).toBe(7);
    expect(combiner.idle).toBe(false);
  });

  test("ignores an input that is active again until it has caught up", () => {
    const combiner = new WatermarkCombiner(2);
    combiner.update(1, 3);
    combiner.update(0, 10);
    combiner.setIdle(1, true);
    expect(combiner.current).toBe(10);
    combiner.setIdle(1, false);
    combiner.update(1, 8);
    expect(combiner.update(0, 20)).toBe(true);
    expect(combiner.current).toBe(20);
    expect(combiner.update(1, 25)).toBe(false);
    expect(combiner.update(0, 30)).toBe(true);
    expect(combiner.current).toBe(25);
  });

  test("rises to the greatest watermark before all inputs are idle", () => {
    const combiner = new WatermarkCombiner(2);
    combiner.update(0, 10);
    combiner.update(1, 5);
    expect(combiner.setIdle(0, true)).toBe(false);
    expect(combiner.setIdle(1, true)).toBe(true);
    expect([combiner.current, combiner.idle]).toEqual([10, true]);
    combiner.setIdle(1, false);
    expect([combiner.current, combiner.idle]).toEqual([10, false]);
  });

  test("takes MAX even from an idle input, so that the end of event time is not lost", () => {
    const combiner = new WatermarkCombiner(1);
    combiner.setIdle(0, true);
    expect(combiner.update(0, 5)).toBe(false);
    expect(combiner.update(0, MAX_WATERMARK)).toBe(true);
    expect([combiner.current, combiner.idle]).toEqual([MAX_WATERMARK, false]);
  });

  test("is not held back by an input that sent MAX", () => {
    const combiner = new WatermarkCombiner(2);
    combiner.update(0, MAX_WATERMARK);
    expect(combiner.current).toBe(MIN_WATERMARK);
    combiner.update(1, 4);
    expect(combiner.current).toBe(4);
  });

  test("refuses an input that does not exist", () => {
    expect(() => new WatermarkCombiner(2).update(2, 0)).toThrow("no input 2");
  });

  test("agrees with a naive valve after every step", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), (steps) => {
        const combiner = new WatermarkCombiner(INPUTS);
        const naive = new NaiveValve(INPUTS);
        for (const each of steps) {
          const before = combiner.current;
          const rose = feed(combiner, each);
          naive.feed(each);
          expect([combiner.current, combiner.idle]).toEqual([naive.last, naive.idle]);
          expect(rose).toBe(combiner.current > before);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
