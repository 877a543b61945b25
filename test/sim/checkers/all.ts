import { BoundChecker } from "./bounds.ts";
import { ChannelOrder } from "./channels.ts";
import type { Checker, CheckerContext } from "./checker.ts";
import type { Completions } from "./completions.ts";
import { CreditChecker } from "./credit.ts";
import { CutChecker } from "./cut.ts";
import { IdleChecker } from "./idle.ts";
import { OutboxChecker } from "./outbox.ts";
import type { TwoPhaseChecker } from "./two-phase.ts";
import { WatermarkChecker } from "./watermarks.ts";
import { WitnessChecker } from "./witness.ts";
import { WriteAheadChecker } from "./write-ahead.ts";

/** Every rule that is checked at every step. */
export function allCheckers(
  context: CheckerContext,
  completions: Completions,
  twoPhase: TwoPhaseChecker,
): readonly Checker[] {
  return [
    completions,
    new ChannelOrder(context),
    new OutboxChecker(context),
    new WitnessChecker(),
    new CreditChecker(context),
    new CutChecker(context, completions),
    twoPhase,
    new WriteAheadChecker(),
    new WatermarkChecker(context),
    new BoundChecker(context),
    new IdleChecker(completions),
  ];
}
