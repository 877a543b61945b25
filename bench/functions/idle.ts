import { type HopsUsage, runHops } from "./hops-run.ts";
import { defaults } from "./cost-rows.ts";

export interface IdleRow {
  readonly vertices: number;
  readonly queues: number;
  /** In one virtual day without input. */
  readonly invocations: number;
  readonly calls: number;
  readonly usdPerMonth: readonly [least: number, most: number];
}

const DAY_MS = 86_400_000;
/** What polling of an idle queue by its mapping costs a month. */
const USD_PER_QUEUE = [0.13, 0.32] as const;
/** The coordinator's and the one of wake-ups. */
const QUEUES_OF_A_JOB = 2;

/** A job that nothing comes to, for a day. */
export async function idleRow(): Promise<IdleRow> {
  const used: HopsUsage = await runHops({
    ...defaults,
    widths: [1, 1, 1, 1],
    ratePerSecond: 0,
    hourly: true,
    warmUpMs: 3_600_000,
    spanMs: DAY_MS,
  });
  const usages = [...used.usages.values()];
  const calls = usages.flatMap((usage) => Object.values(usage.calls).map((each) => each.calls));
  const vertices = 3;
  const queues = vertices + QUEUES_OF_A_JOB;
  return {
    vertices,
    queues,
    invocations: usages.reduce((sum, { invocations }) => sum + invocations, 0),
    calls: calls.reduce((sum, count) => sum + count, 0),
    usdPerMonth: [queues * USD_PER_QUEUE[0], queues * USD_PER_QUEUE[1]],
  };
}
