import { describe, expect, test } from "vitest";
import { MillraceError } from "../../../core/errors.ts";
import { MAX_TIMESTAMP, MIN_TIMESTAMP, NO_TIMESTAMP } from "../../../core/timestamp.ts";
import {
  EventTimeSessionWindows,
  GlobalWindows,
  ProcessingTimeSessionWindows,
  SlidingEventTimeWindows,
  SlidingProcessingTimeWindows,
  TimeWindow,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
} from "../../../core/windowing/index.ts";
import { windowStart } from "../../../core/windowing/window.ts";

const ms = (milliseconds: number): { milliseconds: number } => ({ milliseconds });
const clock = { currentProcessingTime: 12 };

function spans(windows: readonly TimeWindow[]): readonly (readonly [number, number])[] {
  return windows.map((window) => [window.start, window.end]);
}

describe("windows of an element", () => {
  const tumbling = (size: number, offset = 0) => TumblingEventTimeWindows.of(ms(size), ms(offset));
  const sliding = (size: number, slide: number, offset = 0) =>
    SlidingEventTimeWindows.of(ms(size), ms(slide), ms(offset));
  const table = [
    { name: "tumbling at a start", windows: tumbling(5).assignWindows({}, 10), spans: [[10, 15]] },
    { name: "tumbling at an end", windows: tumbling(5).assignWindows({}, 14), spans: [[10, 15]] },
    { name: "tumbling below zero", windows: tumbling(5).assignWindows({}, -1), spans: [[-5, 0]] },
    { name: "tumbling at -5", windows: tumbling(5).assignWindows({}, -5), spans: [[-5, 0]] },
    { name: "tumbling, offset", windows: tumbling(5, 2).assignWindows({}, 11), spans: [[7, 12]] },
    {
      name: "tumbling, offset -2",
      windows: tumbling(5, -2).assignWindows({}, 8),
      spans: [[8, 13]],
    },
    {
      name: "sliding, the newest first",
      windows: sliding(10, 5).assignWindows({}, 12),
      spans: [
        [10, 20],
        [5, 15],
      ],
    },
    {
      name: "sliding below zero",
      windows: sliding(10, 5).assignWindows({}, -1),
      spans: [
        [-5, 5],
        [-10, 0],
      ],
    },
    { name: "sliding, in a gap", windows: sliding(2, 5).assignWindows({}, 13), spans: [] },
    {
      name: "sliding, before a gap",
      windows: sliding(2, 5).assignWindows({}, 11),
      spans: [[10, 12]],
    },
    {
      name: "session",
      windows: EventTimeSessionWindows.withGap(ms(5)).assignWindows({}, 7),
      spans: [[7, 12]],
    },
    {
      name: "session with a dynamic gap",
      windows: EventTimeSessionWindows.withDynamicGap<number>((n) => n * 2).assignWindows(3, 7),
      spans: [[7, 13]],
    },
    {
      name: "tumbling by the clock",
      windows: TumblingProcessingTimeWindows.of(ms(5)).assignWindows({}, 1, clock),
      spans: [[10, 15]],
    },
    {
      name: "sliding by the clock",
      windows: SlidingProcessingTimeWindows.of(ms(10), ms(5)).assignWindows({}, 1, clock),
      spans: [
        [10, 20],
        [5, 15],
      ],
    },
    {
      name: "session by the clock",
      windows: ProcessingTimeSessionWindows.withGap(ms(5)).assignWindows({}, 1, clock),
      spans: [[12, 17]],
    },
  ];
  for (const row of table) {
    test(row.name, () => expect(spans(row.windows)).toEqual(row.spans));
  }

  test("a window ends at its last instant, the global one never", () => {
    expect(new TimeWindow(0, 5).maxTimestamp()).toBe(4);
    expect(GlobalWindows.create().assignWindows()[0]?.maxTimestamp()).toBe(MAX_TIMESTAMP);
  });

  test("a window comes back from its id", () => {
    for (const assigner of [
      TumblingEventTimeWindows.of(ms(5)),
      SlidingEventTimeWindows.of(ms(10), ms(3)),
      EventTimeSessionWindows.withGap(ms(5)),
    ]) {
      for (const window of assigner.assignWindows({}, -7)) {
        expect(assigner.windowOf(assigner.windowId(window))).toEqual(window);
      }
    }
  });
});

test("the window start stays exact and within bounds at the ends of time", () => {
  for (const timestamp of [MAX_TIMESTAMP, MAX_TIMESTAMP - 1, MIN_TIMESTAMP + 10]) {
    for (const size of [1, 3, 7, 10, 3_600_000]) {
      const start = windowStart(timestamp, size, 0);
      const exact =
        BigInt(timestamp) - (((BigInt(timestamp) % BigInt(size)) + BigInt(size)) % BigInt(size));
      expect(start).toBe(Math.max(Number(exact), MIN_TIMESTAMP));
    }
  }
});

describe("assigners refuse what cannot be, with the value", () => {
  const table = [
    {
      name: "size 0",
      make: () => TumblingEventTimeWindows.of(ms(0)),
      says: "size is not positive (got 0 ms)",
    },
    {
      name: "slide 0",
      make: () => SlidingEventTimeWindows.of(ms(5), ms(0)),
      says: "slide is not positive (got 0 ms)",
    },
    {
      name: "gap 0",
      make: () => EventTimeSessionWindows.withGap(ms(0)),
      says: "gap is not positive (got 0 ms)",
    },
    {
      name: "offset = size",
      make: () => TumblingEventTimeWindows.of(ms(5), ms(5)),
      says: "offset is not smaller than 5ms (got 5 ms)",
    },
    {
      name: "offset = -size",
      make: () => TumblingProcessingTimeWindows.of(ms(5), ms(-5)),
      says: "(got -5 ms)",
    },
    {
      name: "offset = slide",
      make: () => SlidingEventTimeWindows.of(ms(9), ms(3), ms(3)),
      says: "offset is not smaller than 3ms (got 3 ms)",
    },
    {
      name: "negative size",
      make: () => TumblingEventTimeWindows.of(ms(-1)),
      says: '{"milliseconds":-1}',
    },
    {
      name: "a number as size",
      make: () => TumblingEventTimeWindows.of(5 as never),
      says: "size is not a duration (got 5)",
    },
  ];
  for (const row of table) {
    test(row.name, () => {
      expect(row.make).toThrow(MillraceError);
      expect(row.make).toThrow(row.says);
    });
  }

  test("a gap that is no positive integer, when it comes up", () => {
    const assigner = EventTimeSessionWindows.withDynamicGap<number>((n) => n);
    expect(() => assigner.assignWindows(0.5, 1)).toThrow("got 0.5");
  });

  test("a record without event time", () => {
    for (const assigner of [
      TumblingEventTimeWindows.of(ms(5)),
      SlidingEventTimeWindows.of(ms(5), ms(1)),
      EventTimeSessionWindows.withGap(ms(5)),
    ]) {
      expect(() => assigner.assignWindows({ id: 7 }, NO_TIMESTAMP)).toThrow("without event time");
    }
  });
});

test("assigners describe themselves for plans", () => {
  expect([
    TumblingEventTimeWindows.of({ hours: 1 }).describe,
    TumblingEventTimeWindows.of({ days: 1 }, { hours: -8 }).describe,
    SlidingEventTimeWindows.of({ hours: 1 }, { seconds: 10 }).describe,
    TumblingProcessingTimeWindows.of({ seconds: 5 }).describe,
    EventTimeSessionWindows.withGap({ minutes: 30 }).describe,
  ]).toEqual([
    "tumbling(1h)",
    "tumbling(1d, offset -8h)",
    "sliding(1h, 10s)",
    "processing-time-tumbling(5s)",
    "session(30m)",
  ]);
});
