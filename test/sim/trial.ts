import type { FaultKind } from "./fault-kind.ts";
import type { FaultPlan } from "./fault-plan.ts";
import type { Usage } from "./usage.ts";
import type { World } from "./world.ts";

/** One run: all that it depends on. */
export interface Trial {
  readonly seed: number;
  readonly plan: FaultPlan;
  /** How much input, in the scenario's own measure. */
  readonly size: number;
}

/** What came of it. */
export interface Outcome {
  readonly failure: Error | null;
  readonly turns: number;
  readonly invocations: number;
  readonly calls: number;
  readonly events: number;
  readonly virtualMs: number;
  /** Hash of all that happened: equal trials have equal hashes. */
  readonly hash: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Names of the faults that struck, in order. */
  readonly struck: readonly string[];
  readonly usage: Usage;
  /** What faults of a kind could have struck. */
  possible(kind: FaultKind): readonly string[];
  trace(lines: number): string;
}

/** A job with its input, control actions and checkers. */
export interface Scenario {
  readonly name: string;
  /** The input of a run that nobody asked to be shorter. */
  readonly size: number;
  run(trial: Trial): Promise<Outcome>;
}

/** Runs `body` in a world; an error of it is the outcome's failure. `turns` counts at the end. */
export async function conclude(
  world: World,
  turns: () => number,
  body: () => Promise<void>,
): Promise<Outcome> {
  const startedAt = world.now;
  const failure = await body().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  return {
    failure,
    turns: turns(),
    invocations: world.invocations,
    calls: world.recorder.calls,
    events: world.events,
    virtualMs: world.now - startedAt,
    hash: world.recorder.hash,
    faults: Object.fromEntries(world.injector.counts),
    struck: world.injector.struck,
    usage: world.usage,
    possible: (kind) => world.injector.possible(kind),
    trace: (lines) => world.recorder.trace(lines),
  };
}
