import { TumblingEventTimeWindows, WatermarkStrategy, agg, defineJob } from "../../../index.ts";
import { type Flight, readFlights } from "../../recovery/flights-slice.ts";
import type { Row } from "../sinks.ts";
import { type SimJob, paced, sameRows, settingsOf, sinkOf } from "./sim-job.ts";

const FILE = "node_modules/vega-datasets/data/flights-3m.parquet";
const ROWS = 5_000;
const PER_SECOND = 60;
const HOUR_MS = 3_600_000;
const sinks = { hourly: "two-phase" } as const;

/** The flights job of the first example over a slice, in hours and airports. */
export async function flightsJob(): Promise<SimJob> {
  const flights = await readFlights(FILE, ROWS);
  const flightOf = (index: number): Flight => flights[index % ROWS] as Flight; // in range by the modulus
  return {
    name: "flights",
    size: 600,
    sinks,
    spanMs: (size) => (size / PER_SECOND) * 1_000,
    make: (options) =>
      defineJob({
        name: "flights",
        ...settingsOf(options),
        build(env) {
          const source = env.fromSource(
            paced(flightOf, Math.min(ROWS, options.size), PER_SECOND),
            WatermarkStrategy.forBoundedOutOfOrderness<Flight>(
              { hours: 30 },
              { timestamp: timeOf },
            ),
            "flights",
          );
          const input = options.version > 1 ? source.map((one) => one).uid("added") : source;
          input
            .keyBy(({ origin }) => origin)
            .window(TumblingEventTimeWindows.of({ hours: 1 }))
            .aggregate(
              {
                flights: agg.count(),
                delays: agg.sum<Flight>(({ delay }) => delay),
                most: agg.max<Flight>(({ delay }) => delay),
              },
              (origin, window, { flights: count, delays, most }) =>
                `${origin} ${window.start} ${count} ${delays} ${most}`,
            )
            .uid("hourly")
            .sinkTo(sinkOf(sinks, "hourly"))
            .uid("hourly-out");
        },
      }),
    check: ({ hourly }, size) =>
      sameRows("hourly", expectedOf(flights.slice(0, Math.min(ROWS, size))), hourly),
  };
}

function timeOf({ date, delay }: Flight): number {
  return date.getTime() + delay * 60_000;
}

function expectedOf(flights: readonly Flight[]): readonly Row[] {
  const groups = new Map<string, number[]>();
  for (const flight of flights) {
    const hour = Math.floor(timeOf(flight) / HOUR_MS) * HOUR_MS;
    const name = `${flight.origin} ${hour}`;
    groups.set(name, [...(groups.get(name) ?? []), flight.delay]);
  }
  return [...groups].map(([name, delays]) => {
    const sum = delays.reduce((total, delay) => total + delay, 0);
    return `${name} ${delays.length} ${sum} ${Math.max(...delays)}`;
  });
}
