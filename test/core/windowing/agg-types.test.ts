import { expectTypeOf, test } from "vitest";
import { agg, aggregateOf } from "../../../core/windowing/index.ts";
import type {
  AggregateResults,
  Aggregator,
  AggregatorRecord,
  TimeWindow,
} from "../../../core/windowing/index.ts";

interface Flight {
  readonly origin: string;
  readonly delay: number;
}

/** The shape of `WindowedStream.aggregate`: elements are known, results are inferred. */
declare function aggregate<A extends AggregatorRecord<Flight>>(aggs: A): AggregateResults<A>;
declare function aggregate<A extends AggregatorRecord<Flight>, R>(
  aggs: A,
  result: (key: string, window: TimeWindow, value: AggregateResults<A>) => R,
): R;

// Only its types count: it is never called.
function typesOfAggregates(): void {
  const stats = aggregate({
    flights: agg.count(),
    late: agg.count((flight) => flight.delay > 15),
    total: agg.sum((flight) => flight.delay),
    least: agg.min((flight) => flight.delay),
    most: agg.max((flight) => flight.delay),
    mean: agg.mean((flight) => flight.delay),
    p90: agg.percentile((flight) => flight.delay, 0.9),
    origins: agg.distinct((flight) => flight.origin),
    first: agg.first((flight) => flight.origin),
    last: agg.last(),
    all: agg.collect((flight) => flight.delay),
    worst: agg.topN(3, (flight) => flight.delay),
  });
  expectTypeOf(stats).toEqualTypeOf<{
    readonly flights: number;
    readonly late: number;
    readonly total: number;
    readonly least: number;
    readonly most: number;
    readonly mean: number;
    readonly p90: number;
    readonly origins: number;
    readonly first: string;
    readonly last: Flight;
    readonly all: readonly number[];
    readonly worst: readonly Flight[];
  }>();
  const row = aggregate(
    { flights: agg.count(), meanDelay: agg.mean((flight) => flight.delay) },
    (origin, window, value) => ({ origin, windowStart: new Date(window.start), ...value }),
  );
  expectTypeOf(row).toEqualTypeOf<{
    flights: number;
    meanDelay: number;
    origin: string;
    windowStart: Date;
  }>();
  // @ts-expect-error -- a field that elements do not have
  aggregate({ mean: agg.mean((flight) => flight.delai) });
  // @ts-expect-error -- a sum of strings
  aggregate({ sum: agg.sum((flight) => flight.origin) });
}

test("aggregates know their elements from the stream and their results from themselves", () => {
  expectTypeOf(typesOfAggregates).returns.toBeVoid();
  expectTypeOf(agg.count()).toEqualTypeOf<Aggregator<unknown, number>>();
  const compiled = aggregateOf({ mean: agg.mean((flight: Flight) => flight.delay) });
  expectTypeOf(compiled.getResult([])).toEqualTypeOf<{ readonly mean: number }>();
});
