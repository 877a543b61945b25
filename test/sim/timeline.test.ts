import { describe, expect, test } from "vitest";
import { Timeline } from "./timeline.ts";

const never = (): boolean => false;

describe("a timeline", () => {
  test("lets all code go on as far as it can before the next event (T2)", async () => {
    const timeline = new Timeline(0);
    const log: string[] = [];
    timeline.at(1, () => {
      const code = async (): Promise<void> => {
        for (let step = 1; step <= 50; step += 1) {
          await Promise.resolve();
          if (step === 50) log.push(`code at ${timeline.now}`);
        }
      };
      void code();
    });
    timeline.at(1, () => log.push("second"));
    await timeline.run(never, 10);
    expect(log).toEqual(["code at 1", "second"]);
  });

  test("never goes back (T1)", async () => {
    const timeline = new Timeline(0);
    const times: number[] = [];
    timeline.at(5, () => {
      timeline.at(2, () => times.push(timeline.now));
    });
    await timeline.run(never, 10);
    expect(times).toEqual([5]);
  });

  const ends: readonly (readonly [string, () => boolean, number])[] = [
    ["done", () => true, 10],
    ["empty", () => false, 10],
    ["limit", () => false, 3],
  ];
  test.each(ends)("ends with %s", async (end, done, limit) => {
    const timeline = new Timeline(0);
    timeline.at(5, () => undefined);
    expect(await timeline.run(done, limit)).toBe(end);
  });

  const failures: readonly (readonly [string, (timeline: Timeline) => void])[] = [
    [
      "an event throws",
      () => {
        throw new Error("mine");
      },
    ],
    ["a checker says so", (timeline) => timeline.fail(new Error("mine"))],
  ];
  test.each(failures)("runs nothing more after a failure: %s (T3)", async (_name, event) => {
    const timeline = new Timeline(0);
    let later = 0;
    timeline.at(1, () => event(timeline));
    timeline.at(2, () => {
      later += 1;
    });
    await expect(timeline.run(never, 10)).rejects.toThrow("mine");
    await expect(timeline.run(never, 10)).rejects.toThrow("mine");
    expect(later).toBe(0);
  });
});
