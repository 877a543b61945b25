import {
  OutputTag,
  TumblingEventTimeWindows,
  WatermarkStrategy,
  defineJob,
} from "../../../index.ts";
import {
  type SimJob,
  type Verdict,
  first,
  indexes,
  noise,
  paced,
  sameRows,
  settingsOf,
  sinkOf,
} from "./sim-job.ts";

interface Event {
  readonly id: number;
  readonly key: number;
  readonly at: number;
}

const PER_SECOND = 30;
const WINDOW_MS = 1_000;
const BOUND_MS = 300;
const DISORDER_MS = 2_500;
const sinks = { windows: "two-phase", late: "two-phase" } as const;
const tag = new OutputTag<Event>("late");

/** One in six is far behind. */
function eventOf(id: number): Event {
  const behind = id % 6 === 5 ? noise(id, DISORDER_MS) : noise(id, BOUND_MS);
  return { id, key: noise(id * 7, 5), at: Math.max(0, id * 33 - behind) };
}

/**
 * Windows with late data in a side output. After a restore the watermark begins anew (semantics 9),
 * so which rows are late is not fixed: each is counted in its window or late, never both, never lost.
 */
export const late: SimJob = {
  name: "late",
  size: 300,
  sinks,
  spanMs: (size) => (size / PER_SECOND) * 1_000,
  make: (options) =>
    defineJob({
      name: "late",
      ...settingsOf(options),
      build(env) {
        const events = env.fromSource(
          paced(eventOf, options.size, PER_SECOND),
          WatermarkStrategy.forBoundedOutOfOrderness<Event>(
            { milliseconds: BOUND_MS },
            { timestamp: ({ at }) => at },
          ),
          "events",
        );
        const input = options.version > 1 ? events.map((one) => one).uid("added") : events;
        const windows = input
          .keyBy(({ key }) => key)
          .window(TumblingEventTimeWindows.of({ milliseconds: WINDOW_MS }))
          .sideOutputLateData(tag)
          .process({
            process(key, { window }, elements, out) {
              const ids = [...elements].map(({ id }) => id);
              out.collect(`${key} ${window.start} ${ids.join(",")}`);
            },
          })
          .uid("windows");
        windows.sinkTo(sinkOf(sinks, "windows")).uid("windows-out");
        windows
          .getSideOutput(tag)
          .map(({ id }) => `${id}`)
          .uid("late-rows")
          .sinkTo(sinkOf(sinks, "late"))
          .uid("late-out");
      },
    }),
  check: ({ windows = [], late: dropped = [] }, size) => {
    const counted = windows.flatMap((row) => (row.split(" ")[2] ?? "").split(","));
    const everything = indexes(size).map((id) => `${id}`);
    return first(
      sameRows("windows and late", everything, [...counted, ...dropped]),
      right(windows),
    );
  },
};

/** Whether each id of a window belongs there. */
function right(windows: readonly string[]): Verdict {
  for (const row of windows) {
    const [key, start, ids = ""] = row.split(" ");
    for (const text of ids.split(",")) {
      const event = eventOf(Number(text));
      const window = Math.floor(event.at / WINDOW_MS) * WINDOW_MS;
      if (key === `${event.key}` && start === `${window}`) continue;
      return `event ${text} is in the window of ${key} at ${start}, not of ${event.key} at ${window}`;
    }
  }
  return null;
}
