import type { BroadcastState, MapStateDescriptor, ReadOnlyBroadcastState } from "../state/index.ts";
import type { Collector, Ignored } from "./functions.ts";
import type {
  Inputs,
  KeyedContext,
  Lifecycle,
  OnTimer,
  ProcessContext,
  RecordContext,
} from "./process-function.ts";
import type { OperatorTime } from "./timers.ts";

/** Reads broadcast state; part of the contexts of the side that is not broadcast. */
export interface ReadsBroadcast {
  /** The state that `broadcast(descriptor)` named. Read only here: subtasks must not differ. */
  getBroadcastState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): ReadOnlyBroadcastState<UK, UV>;
}

/** The context of `processBroadcastElement`: every subtask must do the same with its state. */
export interface BroadcastContext extends RecordContext {
  readonly timers: OperatorTime;
  getBroadcastState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV>;
}

/** A stream without key with a broadcast stream beside it; context C. */
export interface BroadcastProcessFunction<
  I extends Inputs,
  R,
  C = ProcessContext & ReadsBroadcast,
> extends Lifecycle {
  processElement(value: I[0], ctx: C, out: Collector<R>): Ignored;
  processBroadcastElement(value: I[1], ctx: BroadcastContext, out: Collector<R>): Ignored;
}

/** A keyed stream with a broadcast stream beside it: the keyed side has state and timers. */
export interface KeyedBroadcastProcessFunction<K, I extends Inputs, R>
  extends
    BroadcastProcessFunction<I, R, KeyedContext<K> & ReadsBroadcast>,
    OnTimer<R, KeyedContext<K> & ReadsBroadcast> {}
