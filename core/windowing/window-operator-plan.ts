import { formatDuration } from "../duration.ts";
import { PlanError, show } from "../errors.ts";
import type { WatermarkSteps } from "../plan/plan.ts";
import type { OperatorFactory } from "../runtime/operator.ts";
import type { StateDescriptor } from "../state/index.ts";
import { AggregateRecord } from "./aggregate-record.ts";
import { EventTimeTrigger } from "./event-time-trigger.ts";
import { NeverTrigger } from "./never-trigger.ts";
import { paneLayout } from "./pane-layout.ts";
import type { PaneLayout } from "./pane-layout.ts";
import { processWindowHandler } from "./process-window-function.ts";
import { ProcessingTimeTrigger } from "./processing-time-trigger.ts";
import { SessionWindowOperator, WINDOW_SESSIONS } from "./session-window-operator.ts";
import { SlicedWindowOperator } from "./sliced-window-operator.ts";
import { TriggeredSessionOperator } from "./triggered-session-operator.ts";
import { TriggeredWindowOperator } from "./triggered-window-operator.ts";
import { WINDOW_CONTENTS, WINDOW_FIRED, WindowOperator } from "./window-operator.ts";
import type { AnyTrigger, WindowOperatorPlan, WindowSpec } from "./window-spec.ts";

/**
 * Chooses the operator of a window, and says what the plan must know of it. A PlanError where the
 * parts do not fit: a negative lateness, or session windows with a function or trigger that cannot
 * merge.
 */
export function windowOperator(spec: WindowSpec): WindowOperatorPlan {
  checkLateness(spec.allowedLatenessMs);
  if (spec.assigner.merges) checkMergeable(spec);
  const trigger: AnyTrigger = spec.trigger ?? spec.assigner.getDefaultTrigger();
  const chosen = choose(spec, trigger);
  const handler =
    spec.function.process === null ? null : processWindowHandler(spec.function.process);
  return {
    create: chosen.create,
    states: [...chosen.states, ...(trigger.states ?? []), ...Object.values(handler?.state ?? {})],
    config: configOf(spec, trigger),
    watermarkSteps: stepsOf(spec, trigger),
  };
}

interface Chosen {
  readonly create: OperatorFactory;
  readonly states: readonly StateDescriptor[];
}

function choose(spec: WindowSpec, trigger: AnyTrigger): Chosen {
  const plain = firesOnce(spec, trigger);
  if (spec.assigner.merges) {
    const create: OperatorFactory = plain
      ? (setup) => new SessionWindowOperator(setup, spec)
      : (setup) => new TriggeredSessionOperator(setup, spec, trigger);
    return { create, states: [WINDOW_SESSIONS] };
  }
  if (!plain) {
    return {
      create: (setup) => new TriggeredWindowOperator(setup, spec, trigger),
      states: [WINDOW_CONTENTS],
    };
  }
  const layout = sharedPanes(spec);
  if (layout !== null) {
    return {
      create: (setup) => new SlicedWindowOperator(setup, spec, layout),
      states: [WINDOW_CONTENTS],
    };
  }
  return {
    create: (setup) => new WindowOperator(setup, spec),
    states: [WINDOW_CONTENTS, WINDOW_FIRED],
  };
}

/** Whether windows fire at their end by their own clock, so that one timer serves all keys. */
function firesOnce(spec: WindowSpec, trigger: AnyTrigger): boolean {
  return spec.assigner.isEventTime
    ? trigger instanceof EventTimeTrigger
    : trigger instanceof ProcessingTimeTrigger;
}

/** The panes that sliding windows can share; null where they cannot. */
function sharedPanes(spec: WindowSpec): PaneLayout | null {
  const { assigner, function: fn } = spec;
  if (!assigner.isEventTime || assigner.aligned === undefined || !canMerge(spec)) return null;
  if (fn.kind === "process") return null;
  if (fn.kind === "aggregate" && fn.aggregate instanceof AggregateRecord && fn.aggregate.ordered) {
    return null;
  }
  // Panes have no place for state per window.
  const handler = fn.process === null ? null : processWindowHandler(fn.process);
  if (handler?.state !== undefined || handler?.clear !== undefined) return null;
  return paneLayout(assigner.aligned);
}

function canMerge(spec: WindowSpec): boolean {
  return spec.function.kind !== "aggregate" || spec.function.aggregate.merge !== undefined;
}

function checkLateness(latenessMs: number): void {
  if (Number.isSafeInteger(latenessMs) && latenessMs >= 0) return;
  throw new PlanError(`allowed lateness is no span of time (got ${show(latenessMs)})`, {
    code: "PLAN_WINDOW_LATENESS",
    hint: "give whole milliseconds that are not negative",
  });
}

function checkMergeable(spec: WindowSpec): void {
  if (!canMerge(spec)) {
    throw new PlanError(
      `${spec.assigner.describe} windows merge, but the aggregate function has no merge`,
      {
        code: "PLAN_WINDOW_NO_MERGE",
        hint: "add merge(left, right) to the aggregate function, or use windows that do not merge",
      },
    );
  }
  if (spec.trigger === null || spec.trigger.onMerge !== undefined) return;
  throw new PlanError(
    `${spec.assigner.describe} windows merge, but the trigger ${spec.trigger.describe} has no onMerge`,
    {
      code: "PLAN_WINDOW_NO_MERGE",
      hint: "add onMerge to the trigger, or use windows that do not merge",
    },
  );
}

function configOf(spec: WindowSpec, trigger: AnyTrigger): Readonly<Record<string, string>> {
  const config: Record<string, string> = {
    assigner: spec.assigner.describe,
    trigger: trigger.describe,
    function: spec.function.kind,
  };
  if (spec.allowedLatenessMs > 0)
    config["allowedLateness"] = formatDuration(spec.allowedLatenessMs);
  if (spec.lateTag !== null) config["lateOutput"] = spec.lateTag;
  return config;
}

/** The instants to which the window reacts: last instants of windows, and those plus lateness. */
function stepsOf(spec: WindowSpec, trigger: AnyTrigger): WatermarkSteps {
  const { assigner } = spec;
  // A process function may read the watermark.
  if (spec.function.process !== null || assigner.merges) return { kind: "every" };
  if (trigger instanceof NeverTrigger) return { kind: "steps", steps: [] };
  if (!firesOnce(spec, trigger)) return { kind: "every" };
  if (!assigner.isEventTime) return { kind: "steps", steps: [] };
  if (assigner.aligned === undefined) return { kind: "every" };
  const { sizeMs, slideMs, offsetMs } = assigner.aligned;
  const last = offsetMs + sizeMs - 1;
  const steps = [{ periodMs: slideMs, offsetMs: modulo(last, slideMs) }];
  const late = modulo(last + spec.allowedLatenessMs, slideMs);
  if (late !== steps[0]?.offsetMs) steps.push({ periodMs: slideMs, offsetMs: late });
  return { kind: "steps", steps };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
