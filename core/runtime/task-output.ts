import type { StreamElement } from "../record/element.ts";

/** An element on its way to one subtask of the next vertex. */
export interface Emission {
  /** Index of the edge in the job graph. */
  readonly edge: number;
  /** Index of the target subtask. */
  readonly to: number;
  readonly element: StreamElement;
}
