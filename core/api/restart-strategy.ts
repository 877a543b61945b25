import { durationMs } from "../duration.ts";
import type { Duration } from "../duration.ts";
import { UsageError, show } from "../errors.ts";
import type { RestartSettings } from "../runtime/program.ts";

export interface FixedDelayOptions {
  /** How often the job is restarted before it fails. A positive integer. */
  readonly attempts: number;
  /** The pause before each restart. */
  readonly delay: Duration;
}

function none(): RestartSettings {
  return Object.freeze({ kind: "none" });
}

function fixedDelay(options: FixedDelayOptions): RestartSettings {
  const { attempts } = options;
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw new UsageError(
      `restartStrategy.fixedDelay: attempts is not a positive integer (got ${show(attempts)})`,
      {
        code: "USAGE_SETTING",
        hint: "write for instance restartStrategy.fixedDelay({ attempts: 3, delay: { seconds: 10 } })",
      },
    );
  }
  return Object.freeze({
    kind: "fixed-delay",
    attempts,
    delayMs: durationMs(options.delay, "restartStrategy.fixedDelay: delay"),
  });
}

/**
 * What happens after a failure: nothing, or a restart from the latest checkpoint.
 *
 * @example
 * restart: restartStrategy.fixedDelay({ attempts: 3, delay: { seconds: 10 } })
 */
export const restartStrategy: {
  /** The first failure ends the job. */
  readonly none: typeof none;
  /** A number of restarts, over the whole life of the job, each after the same pause. */
  readonly fixedDelay: typeof fixedDelay;
} = Object.freeze({ none, fixedDelay });
