import { describe, expect, test } from "vitest";
import type { EnumeratorContext, Source, SplitEnumerator } from "../../../core/connector/source.ts";
import {
  CoordinatorBench,
  active,
  ask,
  command,
  numberSource,
  start,
  tens,
} from "./coordinator-bench.ts";

type Enumerator = Partial<SplitEnumerator<number, unknown>>;

/** A source that is only an enumerator; `made` counts them. */
function sourceOf(
  create: (context: EnumeratorContext<number>, state: unknown, made: number) => Enumerator,
): Source<unknown> {
  let made = 0;
  const source: Partial<Source<unknown, number>> = {
    describe: "custom",
    createEnumerator: (context, state) => {
      made += 1;
      return {
        start: () => undefined,
        handleSplitRequest: () => undefined,
        addSplitsBack: () => undefined,
        snapshot: () => null,
        ...create(context, state, made),
      };
    },
  };
  return source as Source<unknown>;
}

describe("an enumerator in a coordinator", () => {
  test("discovers once, at the start, and is not made again for turns that do not need it", async () => {
    let discoveries = 0;
    const source = numberSource(() => {
      discoveries += 1;
      return tens();
    });
    const bench = new CoordinatorBench({ source, cold: true });
    await bench.turn(0, [start]);
    await bench.turn(10, [active("work/0")]);
    expect(await bench.turn(20, [ask("numbers/0")])).toEqual(["splits 10 -> numbers/0"]);
    expect(discoveries).toBe(1);
  });

  test("is asked again, in a new container, for what its predecessor has not answered", async () => {
    const source = sourceOf((context, _state, made) => ({
      handleSplitRequest: (subtask) => {
        if (made > 1) context.assign(7, subtask);
      },
    }));
    const bench = new CoordinatorBench({ source });
    expect(await bench.turn(0, [start, ask("numbers/1"), ask("numbers/0")])).toEqual([]);
    expect(await bench.turn(10, [active("work/0")])).toEqual(["wake 100"]);
    bench.crash();
    expect(await bench.turn(20, [active("work/0")])).toEqual(["splits 7 -> numbers/1 numbers/0"]);
    bench.crash();
    expect(await bench.turn(30, [active("work/0")])).toEqual([]);
  });

  test("hands out in the next turn what it assigned between two", async () => {
    const contexts: EnumeratorContext<number>[] = [];
    const source = sourceOf((context, state) => {
      contexts.push(context);
      const assigned = new Set((state as number[] | null) ?? []);
      return {
        snapshot: () => [...assigned],
        handleSplitRequest: (subtask) => {
          assigned.add(subtask);
        },
      };
    });
    const bench = new CoordinatorBench({ source });
    await bench.turn(0, [start, ask("numbers/1")]);
    contexts[0]?.assign(5, 1);
    expect(bench.unit?.pending).toBe(true);
    expect(await bench.turn(10, [command("c", { kind: "checkpoint" })])).toEqual([
      "splits 5 -> numbers/1",
      "trigger 1 -> numbers/0 numbers/1",
      "wake 1010",
    ]);
    expect(bench.unit?.pending).toBe(false);
  });

  test("may hand out splits by itself when it starts", async () => {
    const source = sourceOf((context) => ({
      start: () => {
        for (let subtask = 0; subtask < context.parallelism; subtask += 1) {
          context.assign(subtask + 1, subtask);
          context.noMoreSplits(subtask);
        }
      },
    }));
    const bench = new CoordinatorBench({ source });
    expect(await bench.turn(0, [start])).toEqual([
      "splits 1 -> numbers/0",
      "no-more-splits -> numbers/0 numbers/1",
      "splits 2 -> numbers/1",
    ]);
  });

  test.each([
    [
      "cannot be made",
      sourceOf(() => {
        throw new Error("no such topic");
      }),
      "the source's enumerator could not be made (Error: no such topic)",
    ],
    [
      "does not start",
      numberSource(() => Promise.reject(new Error("offline"))),
      "the source's enumerator did not start (Error: offline)",
    ],
    [
      "refuses a request",
      sourceOf(() => ({
        handleSplitRequest: () => {
          throw new TypeError("x is null");
        },
      })),
      "the source's enumerator refused a request (TypeError: x is null)",
    ],
    [
      "has a state that no codec takes",
      sourceOf(() => ({ snapshot: () => () => 1 })),
      /^the source's enumerator gave no snapshot \(DataError: /,
    ],
    [
      "assigns what no codec takes",
      sourceOf((context) => ({
        handleSplitRequest: (subtask) => context.assign((() => 1) as never, subtask),
      })),
      /^the source's enumerator assigned what cannot be sent \(DataError: /,
    ],
    [
      "fails by itself",
      sourceOf((context) => ({ handleSplitRequest: () => context.fail(new Error("lost")) })),
      "the source's enumerator failed (Error: lost)",
    ],
  ] as const)("fails the turn if it %s", async (_what, source, message) => {
    const bench = new CoordinatorBench({ source });
    await expect(bench.turn(0, [start, ask("numbers/0")])).rejects.toMatchObject({
      code: "JOB_USER_CODE",
      where: { operator: "numbers" },
      message: typeof message === "string" ? message : expect.stringMatching(message),
    });
  });

  test("is closed with the unit", async () => {
    let closed = 0;
    const source = sourceOf(() => ({
      close: () => {
        closed += 1;
      },
    }));
    const bench = new CoordinatorBench({ source, cold: true });
    await bench.turn(0, [start]);
    expect(closed).toBe(1);
  });
});
