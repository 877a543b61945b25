import { describe, expect, expectTypeOf, test } from "vitest";
import type { Source } from "../../../core/connector/index.ts";
import { UsageError } from "../../../core/errors.ts";
import { WatermarkStrategy } from "../../../core/time/index.ts";
import { MAX_TIMESTAMP, MIN_TIMESTAMP, MIN_WATERMARK } from "../../../core/timestamp.ts";

interface Flight {
  readonly date: Date;
  readonly delay: number;
}

/** The watermark after each timestamp, as a periodic emission after every record. */
function watermarks(strategy: WatermarkStrategy<number>, timestamps: readonly number[]): number[] {
  const generator = strategy.createGenerator?.();
  if (generator === undefined) return [];
  const emitted: number[] = [];
  const output = { emit: (timestamp: number): void => void emitted.push(timestamp) };
  for (const timestamp of timestamps) {
    generator.onEvent(timestamp, timestamp, output);
    generator.onPeriodicEmit(output);
  }
  return emitted;
}

describe("WatermarkStrategy", () => {
  test.each([
    { name: "the maximum - bound - 1", bound: 10, seen: [100, 90, 105], emits: [89, 89, 94] },
    { name: "also with a bound of 0", bound: 0, seen: [100, 90, 105], emits: [99, 99, 104] },
    { name: "also below zero", bound: 5, seen: [-3], emits: [-9] },
    {
      name: "never below MIN",
      bound: 10,
      seen: [MIN_TIMESTAMP + 3, MIN_TIMESTAMP + 20],
      emits: [MIN_WATERMARK, MIN_WATERMARK + 9],
    },
    { name: "exactly below MAX", bound: 4, seen: [MAX_TIMESTAMP], emits: [MAX_TIMESTAMP - 5] },
    {
      name: "MIN for any bound before the first record counts",
      bound: Number.MAX_SAFE_INTEGER,
      seen: [MIN_TIMESTAMP, 0],
      emits: [MIN_WATERMARK, MIN_WATERMARK],
    },
  ])("bounded out-of-orderness emits $name", ({ bound, seen, emits }) => {
    const strategy = WatermarkStrategy.forBoundedOutOfOrderness<number>({ milliseconds: bound });
    expect(watermarks(strategy, seen)).toEqual(emits);
  });

  test("monotonous timestamps emit the maximum - 1", () => {
    expect(watermarks(WatermarkStrategy.forMonotonousTimestamps(), [1, 5])).toEqual([0, 4]);
  });

  test("no watermarks means no generator", () => {
    expect(WatermarkStrategy.noWatermarks().createGenerator).toBeNull();
  });

  test("each split gets its own generator", () => {
    const strategy = WatermarkStrategy.forMonotonousTimestamps<number>();
    expect(watermarks(strategy, [100])).toEqual([99]);
    expect(watermarks(strategy, [10])).toEqual([9]);
  });

  test("a generator of one's own may emit for every record", () => {
    const punctuated = WatermarkStrategy.forGenerator<number>(() => ({
      onEvent: (value, timestamp, output) => {
        if (value % 2 === 0) output.emit(timestamp);
      },
      onPeriodicEmit: () => {},
    }));
    expect(watermarks(punctuated, [1, 2, 3, 4])).toEqual([2, 4]);
  });

  test("options and chain say the same", () => {
    const timestamp = (flight: Flight): number => flight.date.getTime();
    const options = WatermarkStrategy.forBoundedOutOfOrderness(
      { hours: 30 },
      { timestamp, idleness: { minutes: 1 } },
    );
    const chain = WatermarkStrategy.forBoundedOutOfOrderness<Flight>({ hours: 30 })
      .withTimestampAssigner(timestamp)
      .withIdleness({ minutes: 1 });
    for (const strategy of [options, chain]) {
      expect(strategy.describe).toBe("bounded-out-of-orderness(1d6h), idle after 1m");
      expect(strategy.timestamp).toBe(timestamp);
      expect(strategy.idlenessMs).toBe(60_000);
    }
  });

  test("the chain leaves the strategy it starts from as it is, and all are frozen", () => {
    const first = WatermarkStrategy.forMonotonousTimestamps();
    const second = first.withIdleness({ seconds: 1 }).withIdleness({ seconds: 2 });
    expect(first.idlenessMs).toBeNull();
    expect(second.describe).toBe("monotonous-timestamps, idle after 2s");
    expect([first, second].every((strategy) => Object.isFrozen(strategy))).toBe(true);
  });

  test.each([
    {
      name: "a negative bound",
      make: () => WatermarkStrategy.forBoundedOutOfOrderness({ hours: -1 }),
      says: "forBoundedOutOfOrderness is not a duration",
    },
    {
      name: "an idleness of zero",
      make: () => WatermarkStrategy.noWatermarks({ idleness: {} }),
      says: "idleness is not above zero (got {})",
    },
    {
      name: "a timestamp that is no function",
      // @ts-expect-error a field's name is no function
      make: () => WatermarkStrategy.noWatermarks({ timestamp: "at" }),
      says: 'timestamp is not a function (got "at")',
    },
    {
      name: "a generator that is no function",
      // @ts-expect-error a generator must be made per split
      make: () => WatermarkStrategy.forGenerator({ onEvent() {}, onPeriodicEmit() {} }),
      says: "forGenerator is not a function",
    },
  ])("refuses $name", ({ make, says }) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(says);
  });
});

declare function fromSource<T>(
  source: Source<T>,
  watermarks: WatermarkStrategy<NoInfer<T>>,
  name: string,
): T;
declare const flights: Source<Flight>;

describe("the type of a strategy's records", () => {
  test("is inferred from the source beside it", () => {
    const typed = (): void => {
      const result = fromSource(
        flights,
        WatermarkStrategy.forBoundedOutOfOrderness(
          { hours: 30 },
          {
            timestamp: (flight) => {
              expectTypeOf(flight).toEqualTypeOf<Flight>();
              return flight.date.getTime() + flight.delay;
            },
          },
        ),
        "flights",
      );
      expectTypeOf(result).toEqualTypeOf<Flight>();
      fromSource(
        flights,
        // @ts-expect-error a flight has no such field
        WatermarkStrategy.forMonotonousTimestamps({ timestamp: (flight) => flight.at }),
        "flights",
      );
      fromSource(flights, WatermarkStrategy.noWatermarks(), "flights");
      fromSource(flights, WatermarkStrategy.forMonotonousTimestamps(), "flights");
      fromSource(
        flights,
        WatermarkStrategy.forGenerator(() => ({
          onEvent: (flight, _timestamp, output) => output.emit(flight.delay),
          onPeriodicEmit: () => {},
        })),
        "flights",
      );
      fromSource(
        flights,
        WatermarkStrategy.forMonotonousTimestamps<Flight>().withTimestampAssigner(
          (flight) => flight.delay,
        ),
        "flights",
      );
    };
    expect(typed).toBeTypeOf("function");
  });
});
