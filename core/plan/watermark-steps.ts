import { MAX_WATERMARK } from "../timestamp.ts";
import type { WatermarkSteps } from "./plan.ts";

type Step = Extract<WatermarkSteps, { readonly kind: "steps" }>["steps"][number];

/** Any advance of the watermark matters. */
export const EVERY_WATERMARK: WatermarkSteps = Object.freeze({ kind: "every" });

/** Nothing reacts to the watermark but to its end. */
export const NO_WATERMARK_STEPS: WatermarkSteps = Object.freeze({
  kind: "steps",
  steps: Object.freeze([]),
});

/**
 * Whether the watermark `next` has to travel alone on an edge that last sent `lastSent`: some
 * instant t of `steps` has lastSent < t <= next. The watermark that ends event time always does,
 * one that is no advance never.
 */
export function crossesStep(steps: WatermarkSteps, lastSent: number, next: number): boolean {
  if (next <= lastSent) return false;
  if (steps.kind === "every" || next >= MAX_WATERMARK) return true;
  const list = steps.steps;
  for (let i = 0; i < list.length; i += 1) {
    const step = list[i];
    if (step !== undefined && crosses(step, lastSent, next)) return true;
  }
  return false;
}

/** The last instant of the step at or before `next` lies after `lastSent`. */
function crosses(step: Step, lastSent: number, next: number): boolean {
  const sinceInstant = (next - step.offsetMs) % step.periodMs;
  const last = next - (sinceInstant < 0 ? sinceInstant + step.periodMs : sinceInstant);
  return last > lastSent;
}

/** Everything that either side reacts to. `every` dominates; instants that another step has are left out. */
export function unionSteps(left: WatermarkSteps, right: WatermarkSteps): WatermarkSteps {
  if (left.kind === "every" || right.kind === "every") return EVERY_WATERMARK;
  const steps = [...left.steps, ...right.steps].map(normalized);
  const needed = steps.filter(
    (step, index) =>
      !steps.some(
        (other, at) => at !== index && covers(other, step) && (at < index || !covers(step, other)),
      ),
  );
  needed.sort((a, b) => a.periodMs - b.periodMs || a.offsetMs - b.offsetMs);
  return { kind: "steps", steps: needed };
}

/** Every instant of `step` is also one of `finer`. */
function covers(finer: Step, step: Step): boolean {
  return (
    step.periodMs % finer.periodMs === 0 && (step.offsetMs - finer.offsetMs) % finer.periodMs === 0
  );
}

function normalized({ periodMs, offsetMs }: Step): Step {
  const rest = offsetMs % periodMs;
  return { periodMs, offsetMs: rest < 0 ? rest + periodMs : rest };
}
