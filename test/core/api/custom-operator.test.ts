import { expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/api/index.ts";
import { Operator } from "../../../core/runtime/operator.ts";
import { type ListState, type StateScope, listState } from "../../../core/state/index.ts";
import { OperatorHarness } from "../operators/harness.ts";

const PENDING = listState<number>("pending");

/** An operator that the engine does not know: sorts the records of a key by time. */
class SortOperator extends Operator<number, number> {
  #pending!: ListState<number>;

  override open(): void {
    this.#pending = this.context.state.listState(PENDING);
  }

  process(value: number, timestamp: number): void {
    this.#pending.add(timestamp * 1_000 + value);
    this.context.timers.registerEventTime(this.context.state.scope, timestamp);
  }

  override onEventTime(timestamp: number, _scope: StateScope): void {
    const due = this.#pending.get().filter((each) => each < (timestamp + 1) * 1_000);
    this.#pending.update(this.#pending.get().filter((each) => !due.includes(each)));
    for (const each of due.toSorted((a, b) => a - b)) this.out.process(each % 1_000, timestamp);
  }
}

function sorted(env: StreamExecutionEnvironment): unknown {
  return env
    .fromSequence(1, 9)
    .keyBy((n) => n % 2)
    .transform<number>("sort", {
      create: (setup) => new SortOperator(setup),
      states: [PENDING],
      config: { by: "time" },
    })
    .uid("sort");
}

test("an operator of one's own needs nothing but its class: state, timers and restore work", async () => {
  const harness = await new OperatorHarness(sorted).open();
  harness.send(4, 30);
  harness.send(2, 10);
  harness.send(1, 20);
  harness.watermark(10);
  expect(harness.events()).toEqual(["2@10", "watermark 10"]);

  const restored = new OperatorHarness(sorted);
  restored.state.restore([harness.state.snapshotFull()]);
  await restored.open();
  restored.watermark(40);
  expect(restored.events()).toEqual(["1@20", "4@30", "watermark 40"]);
});

test("an operator of one's own is described to the plan", () => {
  const env = new StreamExecutionEnvironment();
  sorted(env);
  expect(env.transformations.at(-1)).toMatchObject({
    kind: "custom",
    name: "sort",
    keyed: true,
    config: { by: "time" },
    watermarkSteps: { kind: "every" },
  });
});

test("keyed state of an operator of one's own needs a key", () => {
  const env = new StreamExecutionEnvironment();
  expect(() =>
    env.fromSequence(1, 2).transform("sort", {
      create: (setup) => new SortOperator(setup),
      states: [PENDING],
    }),
  ).toThrow(expect.objectContaining({ code: "PLAN_NOT_KEYED" }));
});
