export type * from "./watermark-strategy.ts";
export { TimerService } from "./timer-service.ts";
export type { TimerTarget } from "./timer-service.ts";
export type { Budget } from "./budget.ts";
