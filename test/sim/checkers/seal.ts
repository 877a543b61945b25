import type { JobRecord } from "../../../core/protocol/job-record.ts";
import type { Checker } from "./checker.ts";
import type { Completions } from "./completions.ts";
import { Violation } from "./violation.ts";

/**
 * I-SEAL: a generation starts from the newest checkpoint that was ever completed, because nothing
 * completes behind the choice; unless somebody asked for an older one.
 */
export class SealChecker implements Checker {
  readonly rule = "I-SEAL";
  readonly #completions: Completions;
  /** Older ones are asked for from now on. */
  replays = false;

  constructor(completions: Completions) {
    this.#completions = completions;
  }

  onJobRecord({ phase, source, generation }: JobRecord): void {
    if (phase !== "running" || this.replays) return;
    const { latestRestorable } = this.#completions;
    if ((source?.checkpoint ?? 0) >= latestRestorable) return;
    throw new Violation(
      this.rule,
      `generation ${generation} starts from ${source?.checkpoint ?? "nothing"}, but ${latestRestorable} is complete`,
    );
  }
}
