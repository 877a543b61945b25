import { describe, expect, test } from "vitest";
import type { WindowedStream } from "../../../core/api/index.ts";
import type { Collector } from "../../../core/operators/index.ts";
import { OutputTag } from "../../../core/operators/index.ts";
import type { AggregateFunction } from "../../../core/state/index.ts";
import {
  PurgingTrigger,
  CountTrigger,
  type TimeWindow,
  TumblingEventTimeWindows,
  agg,
} from "../../../core/windowing/index.ts";
import { type Event, opened } from "../operators/harness.ts";

interface Sale {
  readonly shop: string;
  readonly amount: number;
}

type Windowed = WindowedStream<Sale, string, TimeWindow>;

const SALES: readonly (readonly [string, number, number])[] = [
  ["a", 3, 1],
  ["a", 5, 2],
  ["b", 1, 9],
  ["a", 7, 12],
];

/** What windows of 10 ms emit for SALES, without watermarks. */
async function emitted(method: (windows: Windowed) => unknown): Promise<Event[]> {
  const harness = await opened((env) =>
    method(
      env
        .fromCollection<Sale>([])
        .keyBy(({ shop }) => shop)
        .window(TumblingEventTimeWindows.of({ milliseconds: 10 })),
    ),
  );
  for (const [shop, amount, timestamp] of SALES) harness.send({ shop, amount }, timestamp);
  harness.watermark(100);
  return harness.events().filter((event) => !event.startsWith("watermark"));
}

const total: AggregateFunction<Sale, number, number> = {
  createAccumulator: () => 0,
  add: ({ amount }, sum) => sum + amount,
  getResult: (sum) => sum,
  merge: (left, right) => left + right,
};

const cases: [string, (windows: Windowed) => unknown, Event[]][] = [
  [
    "sum a field in the first record",
    (windows) => windows.sum("amount"),
    ['{"shop":"a","amount":8}@9', '{"shop":"b","amount":1}@9', '{"shop":"a","amount":7}@19'],
  ],
  [
    "take the record with the greatest value",
    (windows) => windows.maxBy("amount"),
    ['{"shop":"a","amount":5}@9', '{"shop":"b","amount":1}@9', '{"shop":"a","amount":7}@19'],
  ],
  [
    "reduce, and make a row of the result",
    (windows) =>
      windows.reduce(
        (left, right) => ({ ...left, amount: left.amount * right.amount }),
        (shop, window, { amount }) => `${shop} ${window.end} ${amount}`,
      ),
    ["a 10 15@9", "b 10 1@9", "a 20 7@19"],
  ],
  [
    "reduce, and pass the result to a process window function",
    (windows) =>
      windows.reduce((left, right) => ({ ...left, amount: left.amount + right.amount }), {
        process(shop, { window }, [sale], out: Collector<string>) {
          out.collect(`${shop} ${window.start} ${sale?.amount}`);
        },
      }),
    ["a 0 8@9", "b 0 1@9", "a 10 7@19"],
  ],
  ["aggregate with a function", (windows) => windows.aggregate(total), ["8@9", "1@9", "7@19"]],
  [
    "aggregate with a function, and make a row of the result",
    (windows) => windows.aggregate(total, (shop, window, sum) => [shop, window.start, sum]),
    ['["a",0,8]@9', '["b",0,1]@9', '["a",10,7]@19'],
  ],
  [
    "aggregate by name",
    (windows) => windows.aggregate({ n: agg.count(), max: agg.max(({ amount }) => amount) }),
    ['{"n":2,"max":5}@9', '{"n":1,"max":1}@9', '{"n":1,"max":7}@19'],
  ],
  [
    "aggregate by name, and make a row of the results",
    (windows) => windows.aggregate({ n: agg.count() }, (shop, _window, row) => ({ shop, ...row })),
    ['{"shop":"a","n":2}@9', '{"shop":"b","n":1}@9', '{"shop":"a","n":1}@19'],
  ],
  [
    "aggregate, and pass the result to a process window function",
    (windows) =>
      windows.aggregate(total, {
        process(shop, _context, [sum], out: Collector<string>) {
          out.collect(`${shop} ${sum}`);
        },
      }),
    ["a 8@9", "b 1@9", "a 7@19"],
  ],
  [
    "process all records",
    (windows) =>
      windows.process((shop, { window }, sales, out: Collector<string>) =>
        out.collect(`${shop} ${window.end} ${sales.map(({ amount }) => amount).join("+")}`),
      ),
    ["a 10 3+5@9", "b 10 1@9", "a 20 7@19"],
  ],
  [
    "fire by another trigger",
    (windows) => windows.trigger(PurgingTrigger.of(CountTrigger.of(2))).aggregate(total),
    ["8@9"],
  ],
];

describe("windows", () => {
  test.each(cases)("%s", async (_name, method, expected) => {
    expect(await emitted(method)).toEqual(expected);
  });

  test("send late records to their side output, and take those within the lateness", async () => {
    const late = new OutputTag<Sale>("late");
    const harness = await opened((env) =>
      env
        .fromCollection<Sale>([])
        .keyBy(({ shop }) => shop)
        .window(TumblingEventTimeWindows.of({ milliseconds: 10 }))
        .allowedLateness({ milliseconds: 5 })
        .sideOutputLateData(late)
        .aggregate(total),
    );
    const sale = { shop: "a", amount: 1 };
    harness.send(sale, 1);
    harness.watermark(9);
    harness.send(sale, 2);
    harness.watermark(14);
    harness.send(sale, 3);
    const events = harness.events().filter((event) => !event.startsWith("watermark"));
    expect(events).toEqual(["1@9", "2@9", 'late:{"shop":"a","amount":1}@3']);
  });

  test("of a count emit whenever they are full", async () => {
    const harness = await opened((env) =>
      env
        .fromCollection<Sale>([])
        .keyBy(({ shop }) => shop)
        .countWindow(2)
        .aggregate(total),
    );
    for (const amount of [1, 2, 3, 4, 5]) harness.send({ shop: "a", amount });
    expect(harness.events().map((event) => event.split("@")[0])).toEqual(["3", "7"]);
  });
});
