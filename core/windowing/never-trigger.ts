import type { Trigger, TriggerResult } from "./trigger.ts";

/** Never fires: the default of `GlobalWindows`. */
export class NeverTrigger implements Trigger {
  static readonly #instance: NeverTrigger = new NeverTrigger();
  readonly describe = "never" as const;

  static create(): NeverTrigger {
    return NeverTrigger.#instance;
  }

  onElement(): TriggerResult {
    return "CONTINUE";
  }

  onEventTime(): TriggerResult {
    return "CONTINUE";
  }

  onProcessingTime(): TriggerResult {
    return "CONTINUE";
  }

  onMerge(): void {}

  clear(): void {}
}
