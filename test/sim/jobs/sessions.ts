import {
  type Collector,
  EventTimeSessionWindows,
  WatermarkStrategy,
  agg,
  defineJob,
  valueState,
} from "../../../index.ts";
import type { Row } from "../sinks.ts";
import {
  type SimJob,
  first,
  indexes,
  noise,
  paced,
  sameRows,
  settingsOf,
  sinkOf,
} from "./sim-job.ts";

interface Click {
  readonly id: number;
  readonly user: number;
  readonly at: number;
}

const PER_SECOND = 25;
const GAP_MS = 700;
const DISORDER_MS = 200;
const TIMER_MS = 1_000;
const sinks = { sessions: "two-phase", timers: "two-phase" } as const;

function clickOf(id: number): Click {
  return { id, user: noise(id, 9), at: id * 40 + noise(id * 5 + 2, DISORDER_MS) };
}

/** Session windows, and beside them timers that register one more timer each, on shared keyed state. */
export const sessions: SimJob = {
  name: "sessions",
  size: 300,
  sinks,
  spanMs: (size) => (size / PER_SECOND) * 1_000,
  make: (options) =>
    defineJob({
      name: "sessions",
      ...settingsOf(options),
      build(env) {
        const clicks = env.fromSource(
          paced(clickOf, options.size, PER_SECOND),
          WatermarkStrategy.forBoundedOutOfOrderness<Click>(
            { milliseconds: DISORDER_MS },
            { timestamp: ({ at }) => at },
          ),
          "clicks",
        );
        const input = options.version > 1 ? clicks.filter(() => true).uid("added") : clicks;
        const users = input.keyBy(({ user }) => user);
        users
          .window(EventTimeSessionWindows.withGap({ milliseconds: GAP_MS }))
          .aggregate(
            { count: agg.count(), sum: agg.sum<Click>(({ id }) => id) },
            (user, window, { count, sum }) =>
              `${user} ${window.start} ${window.end} ${count} ${sum}`,
          )
          .uid("sessions")
          .sinkTo(sinkOf(sinks, "sessions"))
          .uid("sessions-out");
        users
          .process({
            state: { fired: valueState<number>("fired") },
            processElement({ at }, ctx, _out: Collector<Row>) {
              ctx.timers.registerEventTimeTimer(at + TIMER_MS);
            },
            onTimer(timestamp, ctx, out) {
              ctx.state.fired.update((ctx.state.fired.value() ?? 0) + 1);
              if (timestamp % 2 === 0) ctx.timers.registerEventTimeTimer(timestamp + 1_001);
              out.collect(`${ctx.getCurrentKey()} ${timestamp} ${ctx.state.fired.value() ?? 0}`);
            },
          })
          .uid("timers")
          .sinkTo(sinkOf(sinks, "timers"))
          .uid("timers-out");
      },
    }),
  check: (outputs, size) =>
    first(
      sameRows("sessions", sessionsOf(size), outputs["sessions"]),
      sameRows("timers", timersOf(size), outputs["timers"]),
    ),
};

function byUser(size: number): ReadonlyMap<number, readonly Click[]> {
  const users = new Map<number, Click[]>();
  for (const click of indexes(size).map(clickOf)) {
    users.set(click.user, [...(users.get(click.user) ?? []), click]);
  }
  for (const clicks of users.values()) clicks.sort((left, right) => left.at - right.at);
  return users;
}

function sessionsOf(size: number): readonly Row[] {
  const rows: Row[] = [];
  for (const [user, clicks] of byUser(size)) {
    let open: Click[] = [];
    const close = (): void => {
      const last = open.at(-1);
      if (last === undefined) return;
      const sum = open.reduce((total, { id }) => total + id, 0);
      rows.push(`${user} ${open[0]?.at} ${last.at + GAP_MS} ${open.length} ${sum}`);
      open = [];
    };
    for (const click of clicks) {
      // Sessions that only touch are one (semantics 6).
      if (click.at > (open.at(-1)?.at ?? click.at) + GAP_MS) close();
      open.push(click);
    }
    close();
  }
  return rows;
}

function timersOf(size: number): readonly Row[] {
  const rows: Row[] = [];
  for (const [user, clicks] of byUser(size)) {
    const times = new Set(clicks.map(({ at }) => at + TIMER_MS));
    for (const time of times) if (time % 2 === 0) times.add(time + 1_001);
    const fired = [...times].sort((left, right) => left - right);
    fired.forEach((time, index) => rows.push(`${user} ${time} ${index + 1}`));
  }
  return rows;
}
