import { type CallKind, latencies } from "./call-kind.ts";
import type { Fault } from "./fault-injector.ts";
import { mix, unit } from "./random.ts";

/** What becomes of a call. */
export interface Fate {
  /** From the call to the effect, or to the refusal. */
  readonly beforeMs: number;
  /** From the effect to the answer. */
  readonly afterMs: number;
  readonly effect: boolean;
  readonly answer: "result" | "rejection" | "death";
}

/** A request is refused when it arrives later than this: its signature has expired (P6). */
export const SIGNATURE_MS = 900_000;

/** The fate of a call of a kind, from its word and the fault that strikes it. */
export function fateOf(kind: CallKind, word: number, fault: Fault | null): Fate {
  const beforeMs = latency(kind, word);
  if (fault === null) return { beforeMs, afterMs: 0, effect: true, answer: "result" };
  const { random } = fault;
  switch (fault.kind) {
    case "throttle":
      return { beforeMs, afterMs: 0, effect: false, answer: "rejection" };
    case "fail":
      return { beforeMs: wait(fault), afterMs: 0, effect: false, answer: "rejection" };
    case "lost":
    case "swallow":
      return { beforeMs, afterMs: wait(fault), effect: true, answer: "rejection" };
    case "slow":
      return split(fault, random.logBetween(1_000, 9_000));
    case "stall":
      return split(fault, random.logBetween(15_000, 90_000));
    case "crash-before":
      return { beforeMs, afterMs: 0, effect: false, answer: "death" };
    case "crash-after":
      return { beforeMs, afterMs: 0, effect: true, answer: "death" };
    default:
      return { beforeMs, afterMs: 0, effect: true, answer: "result" };
  }
}

/** Both halves of a call that takes `ms`: it is done at any instant of it. */
function split({ random }: Fault, ms: number): Fate {
  const beforeMs = random.chance(0.5) ? ms : random.between(0, 50);
  return { beforeMs, afterMs: ms - beforeMs, effect: true, answer: "result" };
}

/** Half of the rejections come at once, the others when the client gives up. */
function wait({ random }: Fault): number {
  return random.chance(0.5) ? random.between(5, 50) : random.logBetween(500, 8_000);
}

/** Exponential over a least value: short as a rule, long now and then. */
function latency(kind: CallKind, word: number): number {
  const { least, spread } = latencies[kind];
  return least - spread * Math.log(1 - unit(mix(word, 0x1a7e)));
}
