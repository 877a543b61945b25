/**
 * Rules of the protocol that a test build can break on purpose, to show that the simulator finds it
 * (`test/sim/canaries.ts` takes the place of this file there). In every other build nothing is broken.
 */
export type Canary =
  | "no-duplicate-check"
  | "send-before-commit"
  | "ack-before-send"
  | "no-resend"
  | "resend-starts-with"
  | "no-witness"
  | "ack-uncommitted"
  | "two-groups"
  | "no-continue"
  | "failed-is-success"
  | "dirty-warm"
  | "mixed-ack"
  | "trim-zombie"
  | "warm-gap"
  | "claim-by-version"
  | "snapshot-by-checkpoint"
  | "no-seal"
  | "choose-before-seal"
  | "drop-newer"
  | "dedup-without-generation"
  | "no-start"
  | "stop-without-commit"
  | "no-hold"
  | "active-sources-only"
  | "active-first-only"
  | "active-any"
  | "notify-outside"
  | "notify-only-equal"
  | "commit-at-barrier"
  | "publish-before-commit"
  | "write-ahead-no-guard"
  | "ack-before-apply"
  | "wake-id-by-time"
  | "finished-no-barrier"
  | "unnumbered-wake"
  | "credit-first"
  | "credit-control"
  | "held-consumed"
  | "continue-free"
  | "pending-free"
  | "held-back-no-wake"
  | "held-back-behind-barrier"
  | "watermark-ahead"
  | "plan-not-checked"
  | "unbounded-reorder";

/** Whether a rule is broken in this build. */
export function broken(_canary: Canary): boolean {
  return false;
}
