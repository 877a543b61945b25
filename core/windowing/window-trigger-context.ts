import { JobError, show } from "../errors.ts";
import type { KeyIdentity } from "../record/key.ts";
import type { OperatorContext } from "../runtime/operator.ts";
import { StateScope } from "../state/index.ts";
import type { KeyedStateBackend, StateDescriptor, StateTable } from "../state/index.ts";
import type { TimerService } from "../time/index.ts";
import { StateHandles } from "./state-handles.ts";
import type { AnyTrigger } from "./window-spec.ts";
import type { OnMergeContext, StateOf } from "./trigger.ts";

/** What triggers see: timers and state of one key in one window's table. One per operator. */
export class WindowTriggerContext implements OnMergeContext {
  readonly scope: StateScope;
  readonly #state: KeyedStateBackend;
  readonly #timers: TimerService;
  readonly #handles: StateHandles;
  /** Tables of the windows that are being merged into the one at hand. */
  #merged: readonly StateTable[];

  constructor(context: OperatorContext, trigger: AnyTrigger) {
    this.scope = new StateScope(context.state.keyed);
    this.#state = context.state;
    this.#timers = context.timers;
    const owner = `the trigger ${trigger.describe}`;
    this.#handles = new StateHandles(owner, context.state, trigger.states ?? [], this.scope);
    this.#merged = [];
  }

  enter(table: StateTable, identity: KeyIdentity): void {
    this.scope.enter(table, identity);
    this.#merged = [];
  }

  /** As `enter`, for the window that those of `merged` become. */
  enterMerged(table: StateTable, identity: KeyIdentity, merged: readonly StateTable[]): void {
    this.scope.enter(table, identity);
    this.#merged = merged;
  }

  get currentWatermark(): number {
    return this.#timers.currentWatermark;
  }

  get currentProcessingTime(): number {
    return this.#timers.currentProcessingTime;
  }

  registerEventTimeTimer(timestamp: number): void {
    this.#timers.registerEventTime(this.scope, timestamp);
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.#timers.deleteEventTime(this.scope, timestamp);
  }

  registerProcessingTimeTimer(timestamp: number): void {
    this.#timers.registerProcessingTime(this.scope, timestamp);
  }

  deleteProcessingTimeTimer(timestamp: number): void {
    this.#timers.deleteProcessingTime(this.scope, timestamp);
  }

  getPartitionedState<D extends StateDescriptor>(descriptor: D): StateOf<D> {
    return this.#handles.get(descriptor);
  }

  mergePartitionedState(descriptor: StateDescriptor): void {
    this.#handles.get(descriptor);
    const column = this.#state.column(descriptor);
    for (const table of this.#merged) {
      const from = table.find(this.scope.identity);
      const value = from < 0 ? undefined : table.get(column, from);
      if (value === undefined) continue;
      const slot = this.scope.slotForWrite();
      const held = this.scope.table.get(column, slot);
      this.scope.table.set(column, slot, held === undefined ? value : sum(descriptor, held, value));
    }
  }
}

/** Two stored values of a state in one. */
function sum(descriptor: StateDescriptor, left: unknown, right: unknown): unknown {
  switch (descriptor.kind) {
    case "reducing":
      return descriptor.reduce(left, right);
    case "list":
      return [...(left as readonly unknown[]), ...(right as readonly unknown[])];
    case "aggregating":
      if (descriptor.aggregate.merge !== undefined) return descriptor.aggregate.merge(left, right);
      break;
    case "value":
    case "map":
  }
  throw new JobError(`state ${show(descriptor.name)} of a trigger cannot be merged`, {
    code: "JOB_TRIGGER_STATE_MERGE",
    hint: "use list or reducing state, or aggregating state whose function has merge, for what session windows must add up",
  });
}
