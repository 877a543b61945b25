export type * from "./state.ts";
export type * from "./functions.ts";
export type * from "./descriptor.ts";
export { aggregatingState, listState, mapState, reducingState, valueState } from "./descriptor.ts";
export { KeyedStateBackend } from "./keyed-state-backend.ts";
export type { KeyedStateOptions } from "./keyed-state-backend.ts";
export { EVENT_TIME, PROCESSING_TIME } from "./keyed-tables.ts";
export type { KeyedTables, TimeDomain, TimerIndex } from "./keyed-tables.ts";
export {
  TRAILER_BYTES,
  footerRange,
  openSection,
  parseKeyedFooter,
  readKeyedFooter,
} from "./keyed-file.ts";
export type { KeyedFileColumn, KeyedFileFooter, KeyedFileSection } from "./keyed-file.ts";
export { packKeyedFiles } from "./keyed-pack.ts";
export { readBlock } from "./keyed-block.ts";
export type { KeyedBlock } from "./keyed-block.ts";
export type { StateJournal } from "./journal.ts";
export type { NamespaceTimers } from "./namespace-timers.ts";
export type { Namespace } from "./state-table.ts";
export { StateTable } from "./state-table.ts";
export { StateScope } from "./state-scope.ts";
export { OperatorStateStore } from "./operator-state-store.ts";
export type { OperatorList, OperatorStateSnapshot } from "./operator-state-store.ts";
export { redistributeOperatorState } from "./redistribute-operator-state.ts";
export { LOOK_AHEAD_MAX } from "./key-look-ahead.ts";
