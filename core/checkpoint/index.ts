export type * from "./snapshot.ts";
export type * from "./checkpoint-event.ts";
export type { CoordinatorOptions, CoordinatorSettings } from "./coordinator.ts";
export { CheckpointCoordinator } from "./coordinator.ts";
