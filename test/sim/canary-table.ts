import type { Canary } from "./canaries.ts";
import type { CanaryCase } from "./canary-case.ts";
import { deadLetters } from "./jobs/dead-letters.ts";
import { join } from "./jobs/join.ts";
import { sideBySide } from "./jobs/side-by-side.ts";
import { ticks } from "./jobs/ticks.ts";
import { timers } from "./jobs/timers.ts";
import { windowed } from "./jobs/windowed.ts";
import type { PlannedAction } from "./run-settings.ts";

/** Nothing is done beside the job's own work. */
const quiet = { actions: [], replays: false, warmBytesMax: 8_000_000 } as const;
const crashes = { "crash-before": 0.01, "crash-after": 0.03, "result-lost": 0.05 } as const;
const doubles = { "double-send": 0.1, "result-lost": 0.1, expire: 0.2, overrun: 0.05 } as const;

/** A message of a channel is lost; with credit for more behind it. */
const oneVanishes = {
  size: 80,
  job: windowed,
  rates: {},
  only: ["vanish@message:windowed/counts#12"],
  turnsMax: 5_000,
} as const;

/** Whoever seals a coordinator looks for its head first: meanwhile a checkpoint may complete. */
function slowSeals(job: string): readonly string[] {
  return Array.from({ length: 270 }, (_, index) => {
    const ledger = `${job}/${1 + Math.floor(index / 30)}/:coordinator/0`;
    return `slow@ledger.newest:${ledger}#${1 + (index % 30)}`;
  });
}

const restores = (...at: readonly number[]): readonly PlannedAction[] =>
  at.map((when) => ({ kind: "restore", at: when, parallelism: 2 }));

/** Every rule that can be broken, and what finds it: a rule without a place here does not compile. */
export const canaryTable: Readonly<Record<Canary, CanaryCase>> = {
  "no-duplicate-check": {
    rules: ["I-WITNESS", "EXACTLY-ONCE", "I-NOGAP"],
    job: windowed,
    rates: doubles,
    turnsMax: 2_000,
  },
  "send-before-commit": {
    rules: ["I-COMMITFIRST"],
    job: windowed,
    rates: {},
    turnsMax: 100,
  },
  "ack-before-send": { rules: ["I-ACK"], job: windowed, rates: {}, turnsMax: 100 },
  "no-resend": {
    rules: ["I-ACK", "I-OUTBOX"],
    job: windowed,
    rates: crashes,
    turnsMax: 1_000,
  },
  "resend-starts-with": {
    rules: ["I-ACK", "I-OUTBOX", "LIVENESS"],
    job: windowed,
    settings: quiet,
    rates: { ...crashes, "stale-delete": 1, expire: 0.3, "result-partial": 0.3, overrun: 0.1 },
    turnsMax: 20_000,
  },
  "no-witness": {
    rules: ["I-WITNESS"],
    job: windowed,
    rates: doubles,
    turnsMax: 2_000,
  },
  "ack-uncommitted": {
    rules: ["I-ACK"],
    job: ticks,
    settings: quiet,
    rates: { skew: 1, "wake-early": 0.5 },
    turnsMax: 5_000,
  },
  "two-groups": {
    rules: ["I-ACK", "I-OUTBOX", "I-NOGAP"],
    job: windowed,
    rates: crashes,
    turnsMax: 2_000,
  },
  "no-continue": {
    rules: ["LIVENESS", "EXACTLY-ONCE", "I-2PC"],
    job: timers,
    size: 300,
    settings: { ...quiet, checkpointMs: 86_400_000, bounds: { recordsMax: 64, emissionsMax: 4 } },
    rates: {},
    turnsMax: 2_000,
  },
  "failed-is-success": {
    rules: ["I-ACK", "I-OUTBOX", "I-COMMITFIRST"],
    job: windowed,
    rates: doubles,
    turnsMax: 2_000,
  },
  "dirty-warm": {
    rules: ["I-ACK", "I-COMMITFIRST", "I-CHAIN"],
    job: windowed,
    rates: { throttle: 0.05 },
    turnsMax: 2_000,
  },
  "mixed-ack": {
    rules: ["I-ACK"],
    job: windowed,
    settings: { parallelism: 3 },
    rates: { "mixed-batch": 1, throttle: 0.05 },
    turnsMax: 3_000,
  },
  "trim-zombie": {
    rules: ["I-CHAIN"],
    job: windowed,
    settings: { ...quiet, checkpointMs: 500 },
    rates: { zombie: 0.1, thaw: 1 },
    turnsMax: 10_000,
  },
  "warm-gap": {
    beside: ["trim-zombie"],
    rules: ["I-CHAIN", "I-OUTBOX", "I-NOGAP", "EXACTLY-ONCE", "I-CUT", "I-ACK"],
    job: windowed,
    settings: { ...quiet, checkpointMs: 500, parallelism: 2 },
    rates: { cold: 0.2 },
    turnsMax: 10_000,
  },
  "claim-by-version": {
    rules: ["I-OWNER", "EXACTLY-ONCE", "LIVENESS", "I-COMMITFIRST", "I-CHAIN"],
    job: sideBySide,
    size: 120,
    settings: { ...quiet, checkpointTimeoutMs: 600_000 },
    rates: { ...crashes, expire: 0.3, overrun: 0.1, slow: 0.1 },
    turnsMax: 5_000,
  },
  "snapshot-by-checkpoint": {
    rules: ["EXACTLY-ONCE", "LIVENESS", "DRAIN", "I-2PC", "LIVELOCK", "I-IDLE"],
    job: sideBySide,
    size: 100,
    settings: { ...quiet, checkpointMs: 500, checkpointTimeoutMs: 600_000 },
    rates: { expire: 0.5, cold: 0.3, "small-batch": 0.5 },
    turnsMax: 20_000,
  },
  "no-seal": {
    rules: ["I-GEN", "I-SEAL", "EXACTLY-ONCE"],
    job: windowed,
    settings: { actions: restores(0.3, 0.6) },
    rates: {},
    turnsMax: 2_000,
  },
  "choose-before-seal": {
    rules: ["I-SEAL", "I-2PC", "EXACTLY-ONCE"],
    job: ticks,
    settings: {
      ...quiet,
      checkpointMs: 500,
      checkpointTimeoutMs: 600_000,
      actions: restores(0.2, 0.4, 0.6, 0.8, 1),
    },
    rates: {},
    only: slowSeals("ticks"),
    turnsMax: 20_000,
  },
  "early-start": {
    rules: ["I-GEN", "I-SEAL", "I-2PC", "EXACTLY-ONCE"],
    job: windowed,
    size: 100,
    settings: { ...quiet, actions: restores(0.2, 0.5, 0.8) },
    rates: { "actor-crash": 0.5 },
    turnsMax: 10_000,
  },
  "drop-newer": {
    beside: ["early-start"],
    rules: ["I-ACK", "LIVENESS"],
    job: windowed,
    size: 60,
    settings: quiet,
    rates: {},
    turnsMax: 2_000,
  },
  "dedup-without-generation": {
    rules: ["I-ACK", "I-OUTBOX", "LIVENESS"],
    job: windowed,
    settings: { actions: restores(0.3, 0.6) },
    rates: { swallow: 0.1 },
    turnsMax: 5_000,
  },
  "dedup-without-attempt": {
    rules: ["I-ACK", "I-OUTBOX", "LIVENESS"],
    job: windowed,
    size: 60,
    settings: quiet,
    rates: { swallow: 0.1 },
    turnsMax: 5_000,
  },
  "no-start": {
    rules: ["LIVENESS", "I-2PC", "EXACTLY-ONCE"],
    job: windowed,
    settings: { actions: restores(0.3, 0.6) },
    rates: {},
    turnsMax: 3_000,
  },
  "stop-without-commit": {
    rules: ["I-2PC"],
    job: deadLetters,
    settings: { actions: [{ kind: "stop", at: 0.5, parallelism: 2 }] },
    rates: {},
    turnsMax: 5_000,
  },
  "no-hold": {
    rules: ["I-CUT"],
    job: windowed,
    settings: { parallelism: 3, checkpointMs: 500 },
    rates: {},
    turnsMax: 5_000,
  },
  "active-sources-only": {
    rules: ["EXACTLY-ONCE", "I-2PC"],
    job: ticks,
    settings: quiet,
    rates: {},
    turnsMax: 2_000,
  },
  "active-first-only": {
    rules: ["EXACTLY-ONCE", "I-2PC"],
    job: ticks,
    settings: quiet,
    rates: {},
    turnsMax: 2_000,
  },
  "active-any": {
    rules: ["I-IDLE"],
    job: ticks,
    settings: quiet,
    rates: {},
    turnsMax: 5_000,
  },
  "notify-outside": {
    rules: ["EXACTLY-ONCE", "I-2PC", "LIVENESS"],
    job: ticks,
    settings: quiet,
    rates: { recycle: 0.5 },
    turnsMax: 2_000,
  },
  "notify-only-equal": {
    rules: ["EXACTLY-ONCE", "I-2PC"],
    job: deadLetters,
    size: 150,
    settings: { ...quiet, credits: 8, checkpointMs: 1_000, checkpointTimeoutMs: 4_000 },
    rates: { "late-start": 0.01 },
    turnsMax: 5_000,
  },
  "commit-at-barrier": { rules: ["I-2PC"], job: windowed, rates: {}, turnsMax: 2_000 },
  "publish-before-commit": { rules: ["I-2PC"], job: windowed, rates: {}, turnsMax: 2_000 },
  "write-ahead-no-guard": {
    rules: ["I-ACK", "I-OUTBOX", "I-EFFECTS", "WRITE-AHEAD", "EXACTLY-ONCE"],
    job: sideBySide,
    rates: {},
    turnsMax: 1_000,
  },
  "ack-before-apply": { rules: ["I-EFFECTS"], job: sideBySide, rates: {}, turnsMax: 2_000 },
  "wake-id-by-time": {
    rules: ["LIVENESS", "EXACTLY-ONCE"],
    job: ticks,
    settings: quiet,
    rates: { skew: 1, "wake-early": 0.5 },
    turnsMax: 10_000,
  },
  "finished-no-barrier": {
    rules: ["LIVENESS"],
    job: windowed,
    size: 60,
    settings: { ...quiet, checkpointTimeoutMs: 600_000 },
    rates: {},
    turnsMax: 5_000,
  },
  "unnumbered-wake": {
    rules: ["I-WITNESS"],
    job: ticks,
    settings: quiet,
    rates: { ...doubles, "wake-double": 0.3 },
    turnsMax: 5_000,
  },
  "credit-first": {
    rules: ["LIVENESS", "LIVELOCK"],
    job: windowed,
    settings: { ...quiet, credits: 1 },
    rates: crashes,
    turnsMax: 5_000,
  },
  "credit-control": {
    rules: ["LIVENESS", "LIVELOCK"],
    job: windowed,
    size: 60,
    settings: { ...quiet, credits: 1 },
    rates: {},
    turnsMax: 1_000,
  },
  "held-consumed": {
    rules: ["I-HELD"],
    job: join,
    settings: { ...quiet, credits: 1, checkpointMs: 500, parallelism: 2 },
    rates: { slow: 0.1, "late-start": 0.03 },
    turnsMax: 20_000,
  },
  "continue-free": {
    rules: ["LIVENESS", "EXACTLY-ONCE"],
    job: timers,
    size: 300,
    settings: {
      ...quiet,
      credits: 1,
      checkpointMs: 86_400_000,
      bounds: { recordsMax: 64, emissionsMax: 4 },
    },
    rates: {},
    turnsMax: 2_000,
  },
  "pending-free": {
    rules: ["I-CREDIT"],
    job: timers,
    size: 400,
    settings: { ...quiet, credits: 1, parallelism: 2 },
    rates: { "late-poll": 0.1 },
    turnsMax: 5_000,
  },
  "held-back-no-wake": {
    rules: ["LIVENESS", "EXACTLY-ONCE"],
    job: ticks,
    settings: quiet,
    rates: {},
    turnsMax: 2_000,
  },
  "held-back-behind-barrier": {
    rules: ["I-CUT", "EXACTLY-ONCE", "I-2PC"],
    job: windowed,
    settings: { checkpointMs: 500, actions: restores(0.2, 0.4, 0.6, 0.8), replays: true },
    rates: {},
    turnsMax: 10_000,
  },
  "watermark-ahead": {
    rules: ["EXACTLY-ONCE", "WATERMARK"],
    job: windowed,
    settings: quiet,
    rates: {},
    turnsMax: 2_000,
  },
  "plan-not-checked": {
    rules: ["I-COMMITFIRST", "LIVENESS", "I-GEN", "I-CUT", "EXACTLY-ONCE", "I-NOGAP"],
    job: windowed,
    settings: {
      parallelism: 2,
      actions: [
        { kind: "rescale", at: 0.3, parallelism: 3 },
        { kind: "rescale", at: 0.6, parallelism: 1 },
      ],
    },
    rates: { slow: 0.1 },
    turnsMax: 10_000,
  },
  "accept-gap": {
    rules: ["EXACTLY-ONCE", "LIVENESS", "I-CUT"],
    ...oneVanishes,
    settings: { ...quiet, credits: 8 },
  },
  "reject-gap": {
    rules: ["LIVELOCK", "LIVENESS"],
    ...oneVanishes,
    settings: { ...quiet, credits: 8 },
  },
  "no-repair": {
    rules: ["LIVELOCK", "LIVENESS"],
    ...oneVanishes,
    settings: { ...quiet, credits: 8 },
  },
  "unbounded-reorder": {
    rules: ["BOUND"],
    job: timers,
    size: 300,
    settings: {
      ...quiet,
      credits: 8,
      parallelism: 2,
      bounds: { recordsMax: 8, emissionsMax: 8 },
      reorderMessagesMax: 1,
      attempts: 3,
    },
    rates: {},
    only: ["vanish@message:timers/fire#6"],
    turnsMax: 2_000,
  },
  "acknowledge-before-send": {
    rules: ["I-EFFECTS"],
    job: windowed,
    settings: { ...quiet, acknowledgementSetFrom: 0 },
    rates: {},
    turnsMax: 1_000,
  },
  "drop-acknowledged": {
    rules: ["I-ACK", "I-OUTBOX"],
    job: windowed,
    size: 60,
    settings: {
      ...quiet,
      acknowledgementSetFrom: 0,
      checkpointMs: 500,
      checkpointTimeoutMs: 600_000,
    },
    rates: { slow: 0.3, expire: 0.8, overrun: 0.3 },
    turnsMax: 5_000,
  },
  "carried-misses-segment": {
    rules: ["CARRIED"],
    job: windowed,
    settings: quiet,
    rates: { cold: 0.15 },
    turnsMax: 1_000,
  },
  "unconsumed-not-resent": {
    rules: ["LIVENESS"],
    job: windowed,
    settings: { ...quiet, credits: 1 },
    rates: { lose: 0.01 },
    turnsMax: 20_000,
  },
  "continue-not-resent": {
    rules: ["LIVENESS", "LIVELOCK"],
    job: deadLetters,
    settings: {
      ...quiet,
      credits: 1,
      parallelism: 3,
      checkpointMs: 500,
      bounds: { recordsMax: 64, emissionsMax: 1 },
    },
    rates: { lose: 0.08, "late-start": 0.03, slow: 0.1 },
    turnsMax: 40_000,
  },
  "early-without-witness": {
    rules: ["I-WITNESS"],
    job: windowed,
    settings: { ...quiet, credits: 8, parallelism: 1, bounds: { recordsMax: 64, emissionsMax: 1 } },
    rates: { lose: 0.1, "double-send": 0.3, expire: 0.3, "small-batch": 0.8 },
    turnsMax: 20_000,
  },
};
