import { type Collector, WatermarkStrategy, defineJob, valueState } from "../../../index.ts";
import type { Row } from "../sinks.ts";
import { type SimJob, indexes, noise, paced, sameRows, settingsOf, sinkOf } from "./sim-job.ts";

interface Order {
  readonly id: number;
  readonly at: number;
}

interface Payment {
  readonly order: number;
  readonly amount: number;
  readonly at: number;
}

const ORDERS_PER_SECOND = 20;
const PAYMENTS_PER_SECOND = 14;
const LATER_MS = 3_000;
const sinks = { pairs: "two-phase" } as const;

function orderOf(id: number): Order {
  return { id, at: id * 50 };
}

/** Of five orders four are paid, in an order of their own. */
function paymentOf(index: number): Payment {
  const order = Math.floor(index / 4) * 5 + (index % 4);
  return { order, amount: noise(order, 1_000), at: order * 50 + noise(order * 11, LATER_MS) };
}

function paymentsOf(size: number): number {
  return Math.floor(size / 5) * 4;
}

/** Orders wait in keyed state for their payment and say so when none came, one input far behind. */
export const join: SimJob = {
  name: "join",
  size: 250,
  sinks,
  spanMs: (size) => (size / PAYMENTS_PER_SECOND) * 800,
  make: (options) =>
    defineJob({
      name: "join",
      ...settingsOf(options),
      build(env) {
        const orders = env.fromSource(
          paced(orderOf, options.size, ORDERS_PER_SECOND),
          WatermarkStrategy.forMonotonousTimestamps<Order>({ timestamp: ({ at }) => at }),
          "orders",
        );
        const payments = env.fromSource(
          paced(paymentOf, paymentsOf(options.size), PAYMENTS_PER_SECOND),
          WatermarkStrategy.forBoundedOutOfOrderness<Payment>(
            { milliseconds: LATER_MS },
            { timestamp: ({ at }) => at },
          ),
          "payments",
        );
        const input = options.version > 1 ? orders.map((one) => one).uid("added") : orders;
        input
          .keyBy(({ id }) => id)
          .connect(payments.keyBy(({ order }) => order))
          .process({
            state: { order: valueState<Order>("order"), paid: valueState<number>("paid") },
            processElement1(order, ctx, out: Collector<Row>) {
              const paid = ctx.state.paid.value();
              if (paid === null) {
                ctx.state.order.update(order);
                ctx.timers.registerEventTimeTimer(order.at + LATER_MS);
                return;
              }
              ctx.state.paid.clear();
              out.collect(`${order.id} paid ${paid}`);
            },
            processElement2({ order, amount }, ctx, out) {
              if (ctx.state.order.value() === null) return ctx.state.paid.update(amount);
              ctx.state.order.clear();
              out.collect(`${order} paid ${amount}`);
            },
            onTimer(_timestamp, ctx, out) {
              if (ctx.state.order.value() === null) return;
              ctx.state.order.clear();
              out.collect(`${ctx.getCurrentKey()} unpaid`);
            },
          })
          .uid("pairs")
          .sinkTo(sinkOf(sinks, "pairs"))
          .uid("pairs-out");
      },
    }),
  check: ({ pairs }, size) => sameRows("pairs", expectedOf(size), pairs),
};

function expectedOf(size: number): readonly Row[] {
  const paid = new Map(
    indexes(paymentsOf(size)).map((index) => {
      const { order, amount } = paymentOf(index);
      return [order, amount] as const;
    }),
  );
  return indexes(size).map((id) => (paid.has(id) ? `${id} paid ${paid.get(id)}` : `${id} unpaid`));
}
