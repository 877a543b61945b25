import type { CallScope } from "../../core/ports/index.ts";

/** Of a caller that is gone. */
export const overScope: CallScope = { deadlineMs: Number.MAX_SAFE_INTEGER, isLive: () => false };

/** Something that an adapter cannot be made to do, and why. */
export interface Skipped {
  readonly skipped: string;
}

/** Why adapters in memory take calls of callers that are gone. */
export const isTheService: Skipped = {
  skipped: "it is the service itself, which cannot know whether a caller still waits",
};
