import { describe, expect, test } from "vitest";
import type { Collector } from "../../../core/operators/index.ts";
import { opened } from "./harness.ts";

describe("map, filter and flatMap", () => {
  test("give results the timestamp of their record, or none", async () => {
    const map = await opened((env) => env.fromSequence(1, 2).map((n) => n * 10));
    map.send(1, 7);
    map.send(2);
    expect(map.events()).toEqual(["10@7", "20"]);

    const filter = await opened((env) => env.fromSequence(1, 2).filter((n) => n > 1));
    filter.send(1, 7);
    filter.send(2, 8);
    expect(filter.events()).toEqual(["2@8"]);

    const flatMap = await opened((env) =>
      env.fromCollection<string>([]).flatMap((line, out: Collector<string>) => {
        for (const word of line.split(" ")) out.collect(word);
      }),
    );
    flatMap.send("a b", 7);
    flatMap.send("c");
    expect(flatMap.events()).toEqual(["a@7", "b@7", "c"]);
  });

  test("pass watermarks and status on", async () => {
    const map = await opened((env) => env.fromSequence(1, 2).map((n) => n));
    map.watermark(5);
    map.operator.status(true);
    map.operator.status(false);
    expect(map.events()).toEqual(["watermark 5", "idle", "active"]);
  });

  test("let the errors of user code pass", async () => {
    const map = await opened((env) =>
      env.fromSequence(1, 2).map((): number => {
        throw new TypeError("no");
      }),
    );
    expect(() => map.send(1)).toThrow(new TypeError("no"));
  });

  test("take truthy results of a filter written in JavaScript as true", async () => {
    const loose = ((n: number) => n - 1) as unknown as (n: number) => boolean;
    const filter = await opened((env) => env.fromSequence(1, 2).filter(loose));
    filter.send(1);
    filter.send(2);
    expect(filter.events()).toEqual(["2"]);
  });
});

describe("connected streams", () => {
  test("map either input", async () => {
    const harness = await opened((env) =>
      env
        .fromSequence(1, 2)
        .connect(env.fromCollection<string>([]))
        .map(
          (n) => `n${n}`,
          (s) => `s${s}`,
        ),
    );
    harness.send(1, 3);
    harness.send2("a", 4);
    expect(harness.events()).toEqual(["n1@3", "sa@4"]);
  });

  test("flatMap either input", async () => {
    const harness = await opened((env) =>
      env
        .fromSequence(1, 2)
        .connect(env.fromCollection<string>([]))
        .flatMap(
          (n, out: Collector<string>) => out.collect(`${n}`),
          (s, out) => {
            out.collect(s);
            out.collect(s);
          },
        ),
    );
    harness.send(1, 3);
    harness.send2("a", 4);
    expect(harness.events()).toEqual(["1@3", "a@4", "a@4"]);
  });
});

describe("a promise", () => {
  const promise = (): never => Promise.reject(new Error("nobody waits for me")) as never;
  const cases = [
    ["map", "map", (env) => env.fromSequence(1, 2).map(promise)],
    ["filter", "filter", (env) => env.fromSequence(1, 2).filter(promise)],
    ["flatMap", "flatMap", (env) => env.fromSequence(1, 2).flatMap(promise)],
    [
      "process",
      "processElement",
      (env) => env.fromSequence(1, 2).process({ processElement: promise }),
    ],
    [
      "keyed process",
      "processElement",
      (env) =>
        env
          .fromSequence(1, 2)
          .keyBy((n) => n)
          .process({ processElement: promise }),
    ],
    [
      "reduce",
      "reduce",
      (env) =>
        env
          .fromSequence(1, 2)
          .keyBy(() => 0)
          .reduce(promise),
    ],
    [
      "connected map",
      "map",
      (env) => env.fromSequence(1, 2).connect(env.fromSequence(1, 2)).map(promise, promise),
    ],
  ] satisfies [string, string, Parameters<typeof opened>[0]][];

  test.each(cases)("returned in %s is an error that names %s", async (_name, method, build) => {
    const harness = await opened(build);
    expect(() => {
      harness.send(1);
      harness.send(1);
    }).toThrow(
      expect.objectContaining({
        code: "JOB_PROMISE_RETURNED",
        message: `${method} returned a promise`,
      }),
    );
  });
});
