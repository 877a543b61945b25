/** What the types of the fluent API accept, infer and refuse. Checked by tsc alone. */
import {
  type Collector,
  type DataStream,
  type KeyedContext,
  type KeyedCoProcessFunction,
  type KeyedProcessFunction,
  type KeyedStream,
  type MapState,
  OutputTag,
  type ReadOnlyBroadcastState,
  type RuntimeContext,
  StreamExecutionEnvironment,
  type Timers,
  TumblingEventTimeWindows,
  type ValueState,
  agg,
  aggregatingState,
  listState,
  mapState,
  reducingState,
  valueState,
} from "millrace";
import { expectTypeOf } from "vitest";

interface Order {
  readonly shop: string;
  readonly id: number;
  readonly amount: number;
  readonly tax: bigint;
  readonly at: Date;
}

interface Refund {
  readonly orderId: number;
}

const env = new StreamExecutionEnvironment();
const orders = env.fromCollection<Order>([]);
const refunds = env.fromCollection<Refund>([]);
const keyed = orders.keyBy((order) => order.shop);

export function mapsAndFilters(): void {
  expectTypeOf(orders.map((order) => order.amount)).toExtend<DataStream<number>>();
  expectTypeOf(orders.map((order) => ({ shop: order.shop }))).toExtend<
    DataStream<{ shop: string }>
  >();
  // @ts-expect-error there is no such field
  orders.map((order) => order.amont);
  // @ts-expect-error a promise
  orders.map(async (order) => order.amount);
  // @ts-expect-error sometimes a promise
  orders.map((order) => (order.id > 1 ? Promise.resolve(1) : 2));
  // @ts-expect-error a promise is no condition
  orders.filter(async (order) => order.amount > 0);
  // @ts-expect-error a promise
  orders.flatMap(async (order, out: Collector<Order>) => out.collect(order));
  // @ts-expect-error the collector takes numbers
  orders.flatMap((order, out: Collector<number>) => out.collect(order.shop));
  orders.connect(refunds).map(
    // @ts-expect-error a promise
    async (order) => order.id,
    (refund) => refund.orderId,
  );

  const either = env.fromCollection<Order | Refund>([]);
  const onlyOrders = either.filter((value): value is Order => "shop" in value);
  expectTypeOf(onlyOrders).toExtend<DataStream<Order>>();
  expectTypeOf(env.fromCollection([1, null]).filter((value) => value !== null)).toExtend<
    DataStream<number>
  >();
  // @ts-expect-error union takes streams of one type
  orders.union(refunds);
}

export function sideOutputs(): void {
  const small = new OutputTag<number>("small");
  const split = orders.process({
    processElement(order, ctx, out: Collector<Order>) {
      ctx.output(small, order.amount);
      // @ts-expect-error the tag is for numbers
      ctx.output(small, order.shop);
      expectTypeOf(ctx.timestamp()).toEqualTypeOf<number | null>();
      // @ts-expect-error there is no key, so there are no timers
      ctx.timers.registerEventTimeTimer(1);
      out.collect(order);
    },
  });
  expectTypeOf(split).toExtend<DataStream<Order>>();
  expectTypeOf(split.getSideOutput(small)).toExtend<DataStream<number>>();
  // @ts-expect-error a partitioned stream is no operator, so it has no uid
  orders.rebalance().uid("orders");
}

export function declaredState(): void {
  const counted = keyed.process({
    state: {
      total: valueState<number>("total"),
      recent: listState<Order>("recent"),
      seen: mapState<string, Date>("seen"),
      sum: reducingState<number>("sum", (a, b) => a + b),
      mean: aggregatingState("mean", {
        createAccumulator: () => ({ sum: 0, n: 0 }),
        add: (value: number, acc: { sum: number; n: number }) => ({
          sum: acc.sum + value,
          n: acc.n + 1,
        }),
        getResult: (acc: { sum: number; n: number }) => `${acc.sum / acc.n}`,
      }),
    },
    processElement(order, ctx, out: Collector<string>) {
      expectTypeOf(order).toEqualTypeOf<Order>();
      expectTypeOf(ctx.state.total).toEqualTypeOf<ValueState<number>>();
      expectTypeOf(ctx.state.recent.get()).toEqualTypeOf<readonly Order[]>();
      expectTypeOf(ctx.state.seen).toEqualTypeOf<MapState<string, Date>>();
      expectTypeOf(ctx.state.sum.get()).toEqualTypeOf<number | null>();
      expectTypeOf(ctx.state.mean.get()).toEqualTypeOf<string | null>();
      expectTypeOf(ctx.getCurrentKey()).toEqualTypeOf<string>();
      expectTypeOf(ctx.timers).toEqualTypeOf<Timers>();
      // @ts-expect-error no such state
      ctx.state.totl.value();
      // @ts-expect-error the state holds numbers
      ctx.state.total.update(order.shop);
      out.collect(order.shop);
    },
    onTimer(timestamp, ctx, out) {
      expectTypeOf(timestamp).toEqualTypeOf<number>();
      expectTypeOf(ctx.timeDomain()).toEqualTypeOf<"event" | "processing">();
      expectTypeOf(ctx.state.total).toEqualTypeOf<ValueState<number>>();
      // @ts-expect-error results are strings
      out.collect(timestamp);
    },
  });
  expectTypeOf(counted).toExtend<DataStream<string>>();
  keyed.process({
    // @ts-expect-error a promise
    async processElement(order: Order, _ctx, out: Collector<Order>) {
      out.collect(order);
    },
  });
  keyed.process({
    processElement(order, _ctx, out: Collector<Order>) {
      out.collect(order);
    },
    // @ts-expect-error a promise
    async onTimer() {},
  });
  keyed.process({
    async open(runtime: RuntimeContext) {
      runtime.accumulators.add("opened", 1);
    },
    processElement(order, _ctx, out: Collector<Order>) {
      out.collect(order);
    },
    async close() {},
  });
  orders.process({
    // @ts-expect-error state needs a key
    state: { total: valueState<number>("total") },
    processElement(_order: Order) {},
  });
}

class Counter implements KeyedProcessFunction<string, Order, number> {
  #count: ValueState<number> | null = null;

  open(runtime: RuntimeContext): void {
    this.#count = runtime.getState(valueState<number>("count"));
  }

  processElement(_order: Order, ctx: KeyedContext<string>, out: Collector<number>): void {
    ctx.timers.registerProcessingTimeTimer(1);
    out.collect((this.#count?.value() ?? 0) + 1);
  }
}

class Matcher implements KeyedCoProcessFunction<number, [Order, Refund], string> {
  processElement1(order: Order, _ctx: KeyedContext<number>, out: Collector<string>): void {
    out.collect(order.shop);
  }

  processElement2(_refund: Refund): void {}
}

export function classes(): void {
  expectTypeOf(keyed.process(Counter)).toExtend<DataStream<number>>();
  // @ts-expect-error an instance would be shared by all subtasks' state
  keyed.process(new Counter()).map((value) => value.shop);
  // @ts-expect-error the key is a number, not a string
  orders.keyBy((order) => order.id).process(Counter);
  const both = orders
    .keyBy((order) => order.id)
    .connect(refunds.keyBy((refund) => refund.orderId))
    .process(Matcher);
  expectTypeOf(both).toExtend<DataStream<string>>();
  const byBoth = orders.connect(refunds).keyBy(
    (order) => order.id,
    (refund) => refund.orderId,
  );
  expectTypeOf(byBoth.process(Matcher)).toExtend<DataStream<string>>();
}

export function keys(): void {
  expectTypeOf(orders.keyBy((order) => order.id)).toExtend<KeyedStream<Order, number>>();
  expectTypeOf(orders.keyBy((order) => [order.shop, order.id])).toExtend<
    KeyedStream<Order, readonly [string, number]>
  >();
  // @ts-expect-error an object is no key
  orders.keyBy((order) => ({ shop: order.shop }));
  // @ts-expect-error null is no key
  orders.keyBy((order) => (order.id > 1 ? order.id : null));
  // @ts-expect-error windows need a key
  orders.window(TumblingEventTimeWindows.of({ hours: 1 }));
  // @ts-expect-error the keys have different types
  keyed.connect(refunds.keyBy((refund) => refund.orderId));
}

export function rolling(): void {
  expectTypeOf(keyed.sum("amount")).toExtend<DataStream<Order>>();
  keyed.sum("tax");
  keyed.min("at");
  keyed.maxBy("shop");
  keyed.minBy((order) => order.amount);
  // @ts-expect-error a string cannot be added up
  keyed.sum("shop");
  // @ts-expect-error no such field
  keyed.max("amont");
  // @ts-expect-error a reduce function gives the stream's type
  keyed.reduce((left, right) => left.amount + right.amount);
}

export function broadcast(): void {
  const limits = mapState<string, number>("limits");
  const updates = env.fromCollection<{ shop: string; limit: number }>([]).broadcast(limits);
  const checked = keyed.connect(updates).process({
    state: { total: valueState<number>("total") },
    processElement(order, ctx, out: Collector<Order>) {
      expectTypeOf(ctx.getBroadcastState(limits)).toEqualTypeOf<
        ReadOnlyBroadcastState<string, number>
      >();
      // @ts-expect-error the keyed side only reads
      ctx.getBroadcastState(limits).put(order.shop, 1);
      expectTypeOf(ctx.state.total).toEqualTypeOf<ValueState<number>>();
      ctx.timers.registerEventTimeTimer(1);
      out.collect(order);
    },
    processBroadcastElement(update, ctx) {
      ctx.getBroadcastState(limits).put(update.shop, update.limit);
      // @ts-expect-error no timers on the broadcast side
      ctx.timers.registerEventTimeTimer(1);
      // @ts-expect-error no key on the broadcast side
      ctx.getCurrentKey();
    },
    onTimer(_timestamp, ctx, out) {
      expectTypeOf(ctx.state.total).toEqualTypeOf<ValueState<number>>();
      expectTypeOf(out).toEqualTypeOf<Collector<Order>>();
    },
  });
  expectTypeOf(checked).toExtend<DataStream<Order>>();
  const filtered = orders.connect(updates).process({
    processElement(order, ctx, out: Collector<Order>) {
      if (ctx.getBroadcastState(limits).contains(order.shop)) out.collect(order);
    },
    processBroadcastElement(_update, _ctx) {},
  });
  expectTypeOf(filtered).toExtend<DataStream<Order>>();
}

export function windows(): void {
  const hourly = keyed.window(TumblingEventTimeWindows.of({ hours: 1 }));
  expectTypeOf(hourly.aggregate({ n: agg.count() })).toExtend<DataStream<{ readonly n: number }>>();
  const rows = hourly.aggregate(
    { total: agg.sum((order) => order.amount), ids: agg.collect((order) => order.id) },
    (shop, window, stats) => ({ shop, end: window.end, ...stats }),
  );
  expectTypeOf(rows).toExtend<
    DataStream<{ shop: string; end: number; total: number; ids: readonly number[] }>
  >();
  // @ts-expect-error no such field
  hourly.aggregate({ total: agg.sum((order) => order.amont) });
  const one = hourly.aggregate(
    {
      createAccumulator: () => 0,
      add: (order: Order, acc: number) => acc + order.amount,
      getResult: (acc: number) => `${acc}`,
    },
    (shop, _window, value) => [shop, value] as const,
  );
  expectTypeOf(one).toExtend<DataStream<readonly [string, string]>>();
  const processed = hourly.process((shop, context, elements, out: Collector<string>) => {
    expectTypeOf(elements).toEqualTypeOf<readonly Order[]>();
    expectTypeOf(context.window.end).toEqualTypeOf<number>();
    out.collect(shop);
  });
  expectTypeOf(processed).toExtend<DataStream<string>>();
  expectTypeOf(hourly.reduce((left, _right) => left)).toExtend<DataStream<Order>>();
  const reduced = hourly.reduce(
    (left, _right) => left,
    (shop, window, value) => ({ shop, end: window.end, amount: value.amount }),
  );
  expectTypeOf(reduced).toExtend<DataStream<{ shop: string; end: number; amount: number }>>();
  // @ts-expect-error the result is a promise
  hourly.aggregate({ n: agg.count() }, async (shop) => shop);
  hourly.sideOutputLateData(new OutputTag<Order>("late"));
  // @ts-expect-error late records are orders
  hourly.sideOutputLateData(new OutputTag<number>("late"));
}

/** Generic helpers can use everything but the result type of `map`. */
export function keepEvery<T>(stream: DataStream<T>, n: number): DataStream<T> {
  let seen = 0;
  return stream
    .filter(() => seen++ % n === 0)
    .flatMap((value, out: Collector<T>) => out.collect(value));
}
