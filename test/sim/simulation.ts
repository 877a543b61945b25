import type { FaultInjector } from "./fault-injector.ts";
import type { Observer } from "./observer.ts";
import type { Stream } from "./random.ts";
import type { Recorder } from "./recorder.ts";
import type { Timeline } from "./timeline.ts";
import type { Usage } from "./usage.ts";

/** What every part of a world works with. */
export interface Simulation {
  readonly timeline: Timeline;
  readonly injector: FaultInjector;
  readonly recorder: Recorder;
  readonly usage: Usage;
  readonly observers: readonly Observer[];
  /** Forked by name, never drawn from itself. */
  readonly random: Stream;
}
