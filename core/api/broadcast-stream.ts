import { PlanError, show } from "../errors.ts";
import { declaredStates } from "../operators/declared-state.ts";
import type { MapStateDescriptor } from "../state/index.ts";
import type { StreamOrigin } from "./pipeline.ts";

/** The descriptor of any broadcast state. */
// oxlint-disable-next-line typescript/no-explicit-any -- any is the top type of descriptors
export type AnyMapState = MapStateDescriptor<any, any>;

/** A stream whose records go to all subtasks, to be kept in broadcast state. Give it to `connect`. */
export class BroadcastStream<T> {
  /** @internal */
  readonly origin: StreamOrigin;
  /** @internal */
  readonly descriptors: readonly AnyMapState[];
  /** Only a type: the records' type. */
  declare readonly _type?: T;

  /** @internal */
  constructor(origin: StreamOrigin, descriptors: readonly AnyMapState[]) {
    for (const descriptor of declaredStates(descriptors, "broadcast")) {
      if (descriptor.kind === "map") continue;
      throw new PlanError(`broadcast takes map states (got ${show(descriptor)})`, {
        code: "PLAN_STATE",
        hint: 'declare it with mapState<Key, Value>("name")',
      });
    }
    this.origin = origin;
    this.descriptors = descriptors;
  }
}
