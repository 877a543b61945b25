import * as fc from "fast-check";

/** What happens to an operator: an element, or a watermark. */
export type Step =
  | {
      readonly kind: "element";
      readonly key: string;
      readonly id: number;
      readonly value: number;
      readonly timestamp: number;
    }
  | { readonly kind: "watermark"; readonly timestamp: number };

export type ElementStep = Extract<Step, { kind: "element" }>;

/** What an element looks like to the window function. */
export interface Item {
  readonly id: number;
  readonly value: number;
}

type Draw =
  | { readonly kind: "element"; readonly key: string; readonly value: number; readonly by: number }
  | { readonly kind: "watermark"; readonly by: number };

const draw: fc.Arbitrary<Draw> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("element" as const),
      key: fc.constantFrom("a", "b", "c"),
      value: fc.integer({ min: -50, max: 50 }),
      by: fc.integer({ min: -25, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("watermark" as const),
      by: fc.integer({ min: -12, max: 3 }),
    }),
  },
);

/**
 * Traces whose elements are out of order around a time that moves forward, below zero at first, so
 * that some are late; watermarks only grow, as an operator sees them.
 */
export const traces: fc.Arbitrary<readonly Step[]> = fc
  .array(draw, { minLength: 1, maxLength: 60 })
  .map(stepsOf);

function stepsOf(draws: readonly Draw[]): readonly Step[] {
  const steps: Step[] = [];
  let now = -20;
  let watermark = Number.NEGATIVE_INFINITY;
  for (const [id, drawn] of draws.entries()) {
    const timestamp = now + drawn.by;
    if (drawn.kind === "element") {
      steps.push({ kind: "element", key: drawn.key, id, value: drawn.value, timestamp });
      now = Math.max(now, timestamp) + 1;
    } else if (timestamp > watermark) {
      steps.push({ kind: "watermark", timestamp });
      watermark = timestamp;
    }
  }
  return [...steps, { kind: "watermark", timestamp: now + 1_000 }];
}
