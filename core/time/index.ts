export { BoundedOutOfOrderness } from "./bounded-out-of-orderness.ts";
export { type IdlenessState, IdlenessTimer } from "./idleness.ts";
export { SplitWatermarks } from "./split-watermarks.ts";
export type { SplitWatermark } from "./split-watermarks.ts";
export { WatermarkCombiner, type WatermarkCombinerState } from "./watermark-combiner.ts";
export { WatermarkStrategy } from "./watermark-strategy.ts";
export type {
  ChainableWatermarkStrategy,
  TimestampAssigner,
  WatermarkGenerator,
  WatermarkOptions,
  WatermarkOutput,
  WatermarkStrategies,
} from "./watermark-strategy.ts";
export { TimerService } from "./timer-service.ts";
export type { TimerTarget } from "./timer-service.ts";
export type { Budget } from "./budget.ts";
