import { NeverTrigger } from "./never-trigger.ts";
import type { Trigger } from "./trigger.ts";
import type { WindowAssigner } from "./window-assigner.ts";
import { GlobalWindow } from "./window.ts";

const ASSIGNED: readonly GlobalWindow[] = [GlobalWindow.instance];

/**
 * One window per key, without an end. It emits only when a custom trigger says so, not even at the
 * end of the input (semantics 7).
 *
 * @example stream.keyBy(...).window(GlobalWindows.create()).trigger(PurgingTrigger.of(CountTrigger.of(100)))
 */
export class GlobalWindows implements WindowAssigner<unknown, GlobalWindow> {
  readonly describe = "global" as const;
  readonly isEventTime = true as const;
  readonly merges = false as const;

  static create(): GlobalWindows {
    return new GlobalWindows();
  }

  assignWindows(): readonly GlobalWindow[] {
    return ASSIGNED;
  }

  getDefaultTrigger(): Trigger {
    return NeverTrigger.create();
  }

  windowId(): string {
    return "global";
  }

  windowOf(): GlobalWindow {
    return GlobalWindow.instance;
  }
}
