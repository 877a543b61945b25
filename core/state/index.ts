export type * from "./state.ts";
export type * from "./functions.ts";
export type * from "./descriptor.ts";
export { aggregatingState, listState, mapState, reducingState, valueState } from "./descriptor.ts";
export { KeyedStateBackend } from "./keyed-state-backend.ts";
export type { Namespace } from "./state-table.ts";
export { StateTable } from "./state-table.ts";
export { StateScope } from "./state-scope.ts";
export { OperatorStateStore } from "./operator-state-store.ts";
