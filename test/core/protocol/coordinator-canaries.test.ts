import { beforeEach, describe, expect, test, vi } from "vitest";
import { CoordinatorBench, acks, active, command, committed, start } from "./coordinator-bench.ts";

const mutant = vi.hoisted(() => ({ canary: "" }));
vi.mock("../../../core/protocol/canaries.ts", () => ({
  broken: (canary: string): boolean => canary === mutant.canary,
}));

const checkpoint = command("c", { kind: "checkpoint" });
const stop = command("s", { kind: "stop", drain: false });

/** The last of some turns, each in a new container, under a canary. */
async function last(canary: string, ...turns: Parameters<CoordinatorBench["turn"]>[1][]) {
  mutant.canary = canary;
  const bench = new CoordinatorBench({ cold: true });
  let outside: readonly string[] = [];
  for (const [index, given] of turns.entries()) outside = await bench.turn(index * 10, given);
  return outside;
}

/** That a canary sings is for the simulator to show; here, that it can. */
describe("under a canary", () => {
  beforeEach(() => {
    mutant.canary = "";
  });

  test('"notify-outside" a notify is lost with the container', async () => {
    const turns = [[start, checkpoint], acks(1), [active("out/0")]];
    expect(await last("notify-outside", ...turns.slice(0, 2))).toEqual(["wake never"]);
    expect(await last("notify-outside", ...turns)).toEqual(["wake 100"]);
  });

  test('"snapshot-by-checkpoint" metadata does not say whose it is', async () => {
    mutant.canary = "snapshot-by-checkpoint";
    const bench = new CoordinatorBench();
    await bench.turn(0, [start, checkpoint]);
    await bench.turn(10, acks(1));
    expect(bench.state.completed.latest?.metadataKey).toBe("test/checkpoints/chk-1/_metadata");
  });

  test('"active-any" an acknowledgement arms the next checkpoint', async () => {
    const turns = [[start, checkpoint], acks(1), [committed("out/0", 1)]];
    expect(await last("active-any", ...turns)).toEqual([]);
    expect(await last("active-any", ...turns.slice(0, 2))).toContain("wake 100");
    expect(await last("", ...turns.slice(0, 2))).toContain("wake never");
  });

  test('"stop-without-commit" a stop does not wait for its sinks', async () => {
    const stopped = expect.stringMatching(/^stopped /);
    expect(await last("stop-without-commit", [start, stop], acks(1))).toContainEqual(stopped);
    expect(await last("", [start, stop], acks(1))).not.toContainEqual(stopped);
  });
});
