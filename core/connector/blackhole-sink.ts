import type { Sink } from "./sink.ts";

/**
 * Takes every record and forgets it: for measuring a job without its output.
 *
 * @example stream.sinkTo(blackholeSink())
 */
export function blackholeSink<T = unknown>(): Sink<T, never> {
  return {
    describe: "blackhole",
    guarantee: "none",
    createWriter: () => ({ write: () => {} }),
  };
}
