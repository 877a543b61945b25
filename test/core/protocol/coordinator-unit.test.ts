import { describe, expect, test } from "vitest";
import { loadCheckpoint } from "../../../core/protocol/checkpoint-store.ts";
import { MemoryBlobStore } from "../../../infra/memory/memory-blob-store.ts";
import { fileRef } from "../checkpoint/sample-metadata.ts";
import {
  type BenchOptions,
  CoordinatorBench,
  type Given,
  RUN,
  TASKS,
  acks,
  active,
  ask,
  command,
  committed,
  decline,
  finished,
  start,
  wake,
} from "./coordinator-bench.ts";

/** The time of a turn, what it is given, and all that it does to the outside. */
type Step = readonly [at: number, given: readonly Given[], ...outside: string[]];

interface Row {
  readonly name: string;
  readonly options?: BenchOptions;
  readonly steps: readonly Step[];
}

const toSources = "-> numbers/0 numbers/1";
const toListeners = "-> numbers/0 numbers/1 out/0";
const folder = (checkpoint: number): string => `test/savepoints/savepoint-${checkpoint}-${RUN}`;
const publish = (checkpoint: number, commitId: string): string =>
  `publish ${folder(checkpoint)}/_metadata from ${folder(checkpoint)}/_metadata-${commitId}`;
/** What a last checkpoint tells: only sinks are waited for. */
const lastNotify = (checkpoint: number): string[] => [
  `notify ${checkpoint} -> numbers/0 numbers/1`,
  `notify ${checkpoint} and answer -> out/0`,
];

const savepoint = (id: string): Given => command(id, { kind: "savepoint" });
const checkpoint = (id: string): Given => command(id, { kind: "checkpoint" });
const stop = (id: string): Given => command(id, { kind: "stop", drain: false });
const drain = (id: string): Given => command(id, { kind: "stop", drain: true });
const allFinished: Given[] = TASKS.map((name, index) => finished(name, index));

const rows: readonly Row[] = [
  {
    name: "periodic: what was active is triggered in its time, and notified with the last ack",
    steps: [
      [0, [start]],
      [10, [active("numbers/0")], "wake 100"],
      [20, [active("numbers/1")]],
      [100, [wake], `trigger 1 ${toSources}`, "wake 1100"],
      [110, acks(1, ["numbers/0", "work/0", "out/0"])],
      [120, acks(1, ["numbers/1"]), `notify 1 ${toListeners}`, "wake never"],
      [130, [active("work/0")], "wake 200"],
      [200, [wake], `trigger 2 ${toSources}`, "wake 1200"],
    ],
  },
  {
    name: "idle: without activity nothing is armed, nor after a committed",
    steps: [
      [0, [start]],
      [500, [committed("out/0", 0)]],
      [600, [active("numbers/0")], `trigger 1 ${toSources}`, "wake 1600"],
      [610, acks(1), `notify 1 ${toListeners}`, "wake never"],
      [620, [committed("out/0", 1)]],
    ],
  },
  {
    name: "wake-ups: an early one is armed again, a late one is as good",
    steps: [
      [0, [start, active("numbers/0")], "wake 100"],
      [50, [wake]],
      [170, [wake], `trigger 1 ${toSources}`, "wake 1170"],
    ],
  },
  {
    name: "before the start: activity and requests wait for it",
    steps: [
      [0, [active("numbers/0"), checkpoint("a")]],
      [10, [start], `trigger 1 ${toSources}`, "wake 1010"],
    ],
  },
  {
    name: "timeout: by the time of the trigger, and the next one when all barriers have arrived",
    steps: [
      [0, [start, checkpoint("a")], `trigger 1 ${toSources}`, "wake 1000"],
      [10, acks(1, ["numbers/0", "numbers/1", "work/0"])],
      [1_000, [wake], "wake 2000"],
      [1_010, acks(1, ["out/0"]), `trigger 2 ${toSources}`, "wake 2010"],
      [1_020, acks(2), `notify 2 ${toListeners}`, "wake never"],
    ],
  },
  {
    name: "decline: gives the checkpoint up without telling anybody",
    steps: [
      [0, [start, checkpoint("a")], `trigger 1 ${toSources}`, "wake 1000"],
      [10, [...acks(1, ["numbers/0"]), decline("work/0", 1)], "wake 100"],
      [20, [decline("out/0", 1), ...acks(1, ["numbers/1", "work/0", "out/0"])]],
      [100, [wake], `trigger 2 ${toSources}`, "wake 1100"],
    ],
  },
  {
    name: "subsume: completing 2 ends 1, whose late acks are ignored",
    options: { settings: { maxConcurrent: 2, intervalMs: null } },
    steps: [
      [0, [start, checkpoint("a")], `trigger 1 ${toSources}`, "wake 1000"],
      [1, [checkpoint("b")], `trigger 2 ${toSources}`],
      [2, acks(1, ["numbers/0", "numbers/1", "work/0"])],
      [3, acks(2), `notify 2 ${toListeners}`, "wake never"],
      [4, acks(1, ["out/0"])],
    ],
  },
  {
    name: "order: what the completion of one triggers comes behind what was decided before",
    options: { settings: { maxConcurrent: 2 } },
    steps: [
      [0, [start, active("numbers/0")], "wake 100"],
      [100, [wake], `trigger 1 ${toSources}`, "wake 1100"],
      [110, acks(1, ["numbers/0", "numbers/1", "work/0"])],
      [120, [active("numbers/0"), checkpoint("a"), checkpoint("b")], `trigger 2 ${toSources}`],
      [130, acks(1, ["out/0"]), `notify 1 ${toListeners}`, `trigger 3 ${toSources}`, "wake 1120"],
    ],
  },
  {
    name: "savepoint: published after the commit, and no sink hears of it",
    steps: [
      [
        0,
        [start, active("numbers/0"), savepoint("s")],
        `trigger savepoint 1 ${toSources}`,
        "wake 1000",
      ],
      [10, acks(1, TASKS, [fileRef(`${folder(1)}/work-0-c2.base`)]), publish(1, "c2"), "wake 100"],
    ],
  },
  {
    name: "stop: ends the job when the sinks have published",
    steps: [
      [
        0,
        [start, active("numbers/0"), stop("s")],
        `trigger savepoint 1 and stop ${toSources}`,
        "wake 1000",
      ],
      [100, [active("work/0")]],
      [110, acks(1), ...lastNotify(1), publish(1, "c3"), "wake never"],
      [120, [active("work/0"), committed("out/0", 0)]],
      [
        130,
        [committed("out/0", 1)],
        `stopped {"accumulators":{},"checkpoint":1,"metadataKey":"${folder(1)}/_metadata-c3"}`,
      ],
      [140, [committed("out/0", 1), active("numbers/1"), savepoint("t"), finished("out/0")]],
    ],
  },
  {
    name: "stop: waits behind no checkpoint, and no periodic one starts beside it",
    options: { settings: { maxConcurrent: 3 } },
    steps: [
      [0, [start, active("numbers/0")], "wake 100"],
      [100, [wake], `trigger 1 ${toSources}`, "wake 1100"],
      [150, [active("numbers/0")], "wake 200"],
      [220, [stop("s")], `trigger savepoint 2 and stop ${toSources}`, "wake 1100"],
      [230, acks(1), `notify 1 ${toListeners}`, "wake 1220"],
      [400, acks(2), ...lastNotify(2), publish(2, "c6"), "wake never"],
    ],
  },
  {
    name: "stop: an older checkpoint that completes after it changes nothing",
    steps: [
      [0, [start, checkpoint("a")], `trigger 1 ${toSources}`, "wake 1000"],
      [10, [stop("s")], `trigger savepoint 2 and stop ${toSources}`],
      [20, acks(2), ...lastNotify(2), publish(2, "c3")],
      [30, acks(1), `notify 1 ${toListeners}`, "wake never"],
      [
        40,
        [committed("out/0", 2)],
        `stopped {"accumulators":{},"checkpoint":2,"metadataKey":"${folder(2)}/_metadata-c3"}`,
      ],
    ],
  },
  {
    name: "drain: tasks finish before its savepoint, which is the last one all the same",
    steps: [
      [0, [start, drain("d")], `trigger savepoint 1 and drain ${toSources}`, "wake 1000"],
      [10, allFinished],
      [20, acks(1), ...lastNotify(1), publish(1, "c3"), "wake never"],
      [
        30,
        [committed("out/0", 1)],
        `stopped {"accumulators":{"records":6},"checkpoint":1,"metadataKey":"${folder(1)}/_metadata-c3"}`,
      ],
    ],
  },
  {
    name: "failed stop: sources go on, and checkpoints start again",
    steps: [
      [0, [start, active("numbers/0")], "wake 100"],
      [10, [stop("s")], `trigger savepoint 1 and stop ${toSources}`, "wake 1010"],
      [
        200,
        [decline("work/0", 1)],
        "resume -> numbers/0 numbers/1 work/0 out/0",
        `trigger 2 ${toSources}`,
        "wake 1200",
      ],
      [210, acks(1)],
      [220, acks(2), `notify 2 ${toListeners}`, "release", "wake never"],
    ],
  },
  {
    name: "failed stop: with all input at its end the job finishes",
    steps: [
      [0, [start, drain("d")], `trigger savepoint 1 and drain ${toSources}`, "wake 1000"],
      [10, allFinished],
      [1_000, [wake], "resume -> numbers/0 numbers/1 work/0 out/0", "wake 2000"],
      [1_005, acks(1), `trigger 2 ${toSources}`, "wake 2005"],
      [1_010, acks(2), ...lastNotify(2), "release", "wake never"],
      [
        1_020,
        [committed("out/0", 2)],
        'finished {"accumulators":{"records":6},"checkpoint":2,"metadataKey":"test/checkpoints/chk-2-c5/_metadata"}',
      ],
    ],
  },
  {
    name: "finish: a last checkpoint, then the end, and nothing is armed afterwards",
    steps: [
      [0, [start, active("numbers/0")], "wake 100"],
      [10, allFinished.slice(1)],
      [20, [finished("numbers/0"), stop("s")], `trigger 1 ${toSources}`, "wake 1020"],
      [30, acks(1), ...lastNotify(1), "wake never"],
      [
        40,
        [committed("out/0", 1)],
        'finished {"accumulators":{"records":6},"checkpoint":1,"metadataKey":"test/checkpoints/chk-1-c4/_metadata"}',
      ],
      [50, [active("numbers/0"), committed("out/0", 1)]],
    ],
  },
  {
    name: "finish: a subtask that says so twice counts once",
    steps: [
      [0, [start, finished("numbers/0", 5), finished("numbers/0", 5)]],
      [10, allFinished.slice(2)],
      [20, [finished("numbers/1", 1)], `trigger 1 ${toSources}`, "wake 1020"],
    ],
  },
  {
    name: "splits: handed out in their order, one for a request, until none is left",
    steps: [
      [0, [start]],
      [10, [ask("numbers/1")], "splits 10 -> numbers/1"],
      [
        20,
        [ask("numbers/0"), ask("numbers/1")],
        "splits 20 -> numbers/0",
        "splits 30 -> numbers/1",
      ],
      [30, [ask("numbers/0")], "no-more-splits -> numbers/0"],
      [40, [ask("numbers/1")], "no-more-splits -> numbers/1"],
    ],
  },
  {
    name: "splits: a request before the start is answered by the discovery",
    steps: [
      [0, [ask("numbers/0")], "splits 10 -> numbers/0"],
      [10, [start, ask("numbers/1")], "splits 20 -> numbers/1"],
    ],
  },
  {
    name: "restore: enumerators go on, and take back the splits of the readers once",
    options: {
      genesis: {
        firstCheckpoint: 8,
        enumerators: new Map([
          ["numbers", { state: { discovered: true, remaining: [30], work: 3 } }],
        ]),
        splitsBack: new Map([["numbers", [10]]]),
        metadataKey: `old/savepoints/savepoint-7-${RUN}/_metadata`,
        checkpoint: 7,
      },
    },
    steps: [
      [0, [start]],
      [
        10,
        [ask("numbers/0"), checkpoint("a")],
        "splits 10 -> numbers/0",
        `trigger 8 ${toSources}`,
        "wake 1010",
      ],
      [
        20,
        [ask("numbers/1"), ask("numbers/0")],
        "splits 30 -> numbers/1",
        "no-more-splits -> numbers/0",
      ],
    ],
  },
  {
    name: "commands: one that is known does nothing, for ever",
    steps: [
      [0, [start, savepoint("a")], `trigger savepoint 1 ${toSources}`, "wake 1000"],
      [10, [savepoint("a")]],
      [20, acks(1), publish(1, "c3"), "wake never"],
      [30, [savepoint("a"), savepoint("a")]],
      [40, [savepoint("b")], `trigger savepoint 2 ${toSources}`, "wake 1040"],
    ],
  },
];

describe.each(["warm", "cold"] as const)("a coordinator in a %s container", (container) => {
  test.each(rows.map((row) => [row.name, row] as const))("%s", async (_name, row) => {
    const bench = new CoordinatorBench({ ...row.options, cold: container === "cold" });
    for (const [step, [at, given, ...outside]] of row.steps.entries()) {
      expect(await bench.turn(at, given), `step ${step} at ${at}`).toEqual(outside);
    }
  });
});

/** A bench after some turns in new containers. */
async function after(
  steps: readonly (readonly [at: number, given: readonly Given[]])[],
  options: BenchOptions = {},
): Promise<CoordinatorBench> {
  const bench = new CoordinatorBench({ cold: true, ...options });
  for (const [at, given] of steps) await bench.turn(at, given);
  return bench;
}

describe("what a coordinator keeps", () => {
  test("a turn without effect changes no section", async () => {
    const bench = await after([
      [0, [start]],
      [10, [committed("out/0", 0)]],
    ]);
    expect(bench.result?.changes).toEqual([]);
  });

  test("a command that is known is no witness", async () => {
    const bench = await after([
      [0, [start, savepoint("a")]],
      [10, [savepoint("a")]],
    ]);
    expect(bench.inbox).toMatchObject({ tookAny: false, done: 1 });
    expect(bench.result?.changes).toEqual([]);
  });

  test("an acknowledgement is appended, and everything of a checkpoint goes with it", async () => {
    const bench = await after([
      [0, [start, checkpoint("a")]],
      [10, acks(1, ["work/0"])],
      [20, acks(1, ["out/0"])],
    ]);
    const appended = bench.result?.changes.map(({ name, mode }) => `${mode} ${name}`);
    expect(appended).toEqual(["replace coordinator", "append acks:1"]);
    await bench.turn(30, acks(1, ["numbers/0", "numbers/1"]));
    expect(bench.sections).toEqual(["coordinator", "enumerator:numbers", "requests"]);
  });

  test("metadata has the enumerator as it was at the trigger, without what was handed out", async () => {
    const bench = await after([
      [0, [start]],
      [10, [ask("numbers/0"), checkpoint("a"), ask("numbers/1")]],
      [20, acks(1, TASKS, [fileRef("test/work.base")])],
    ]);
    const { latest } = bench.state.completed;
    expect(latest).toEqual({
      checkpoint: 1,
      kind: "checkpoint",
      metadataKey: "test/checkpoints/chk-1-c3/_metadata",
    });
    const metadata = await loadCheckpoint(bench.blobs, latest?.metadataKey ?? "");
    expect(metadata).toMatchObject({
      job: "test",
      runId: RUN,
      kind: "checkpoint",
      triggeredAt: 10,
      completedAt: 20,
      generation: 1,
      planHash: bench.topology.program.plan.planHash,
      codeHash: "code",
    });
    const [numbers, work, out] = metadata.operators;
    expect(numbers?.coordinator).toEqual({
      state: { discovered: true, remaining: [20, 30], work: 3 },
    });
    expect(work?.subtasks[0]?.keyedFiles).toEqual([fileRef("test/work.base")]);
    expect(out?.coordinator).toBeNull();
  });

  test("a savepoint's files are found beside its metadata, whatever the folder is called", async () => {
    const file = fileRef(`${folder(1)}/work-0-c2.base`);
    const bench = await after([
      [0, [start, savepoint("s")]],
      [10, acks(1, TASKS, [file])],
    ]);
    const key = `${folder(1)}/_metadata-c2`;
    const filesAt = async (metadataKey: string): Promise<unknown> =>
      (await loadCheckpoint(bench.blobs, metadataKey)).operators[1]?.subtasks[0]?.keyedFiles;
    expect(await filesAt(key)).toEqual([file]);
    await bench.blobs.put("mine/_metadata", (await bench.blobs.get(key)) ?? new Uint8Array());
    expect(await filesAt("mine/_metadata")).toEqual([fileRef("mine/work-0-c2.base")]);
    expect(bench.state.completed.latest).toBeNull();
  });

  test("a checkpoint that is not there is a RestoreError", async () => {
    const { blobs } = new CoordinatorBench();
    await expect(loadCheckpoint(blobs, "test/none/_metadata")).rejects.toMatchObject({
      code: "RESTORE_NO_CHECKPOINT",
    });
  });

  test("the newest checkpoints are retained, the others released, but never a savepoint", async () => {
    const metadataKey = "elsewhere/_metadata";
    const bench = await after(
      [
        [0, [start]],
        ...[5, 6, 7].flatMap((n) => [
          [n * 10, [checkpoint(`c${n}`)]] as const,
          [n * 10 + 1, acks(n)] as const,
        ]),
      ],
      { genesis: { firstCheckpoint: 5, metadataKey, checkpoint: 4, kind: "savepoint" } },
    );
    const { latest, retained, released } = bench.state.completed;
    expect(latest?.checkpoint).toBe(7);
    expect(retained.map((each) => each.checkpoint)).toEqual([6, 7]);
    expect(released).toEqual([]);
    expect(bench.result?.effects).toEqual([
      { kind: "release", keys: ["test/checkpoints/chk-5-c3/_metadata"] },
    ]);
  });

  test("what was restored is the latest until a checkpoint completes", async () => {
    const metadataKey = "elsewhere/_metadata";
    const options = { genesis: { firstCheckpoint: 5, metadataKey, checkpoint: 4 } };
    const bench = await after([[0, [start, checkpoint("a")]]], options);
    expect(bench.state.completed.latest).toMatchObject({ checkpoint: 4, metadataKey });
  });

  test("the savepoint of a stop is what a restore starts from", async () => {
    const bench = await after([
      [0, [start, stop("s")]],
      [10, acks(1)],
    ]);
    const metadataKey = `${folder(1)}/_metadata-c2`;
    expect(bench.state.completed.latest).toEqual({ checkpoint: 1, kind: "savepoint", metadataKey });
  });
});

describe("the results of requests", () => {
  test("tell the checkpoint, and where it lies when it is done", async () => {
    const bench = await after([[0, [start, savepoint("s"), checkpoint("c")]]]);
    expect(bench.request("s")).toMatchObject({ state: "pending", checkpoint: 1 });
    await bench.turn(10, [...acks(1), ...acks(2)]);
    expect(bench.request("s")).toMatchObject({ state: "done", path: folder(1), reason: null });
    expect(bench.request("c")).toMatchObject({
      state: "done",
      checkpoint: 2,
      path: "test/checkpoints/chk-2-c2",
    });
  });

  test("tell why a request failed, and what is left to delete", async () => {
    const bench = await after([
      [0, [start, savepoint("s")]],
      [10, [decline("work/0", 1)]],
    ]);
    expect(bench.request("s")).toMatchObject({
      state: "failed",
      path: null,
      reason: "declined: work/0: full",
    });
    expect(bench.state.completed.released).toEqual([`${folder(1)}/`]);
  });

  test("of a stop are settled when the job is over, for all who asked", async () => {
    const bench = await after([
      [0, [stop("a"), stop("b")]],
      [1, [start, stop("c")]],
      [10, acks(1)],
    ]);
    for (const id of ["a", "b", "c"]) expect(bench.request(id)).toMatchObject({ state: "pending" });
    await bench.turn(20, [committed("out/0", 1)]);
    for (const id of ["a", "b", "c"]) {
      expect(bench.request(id)).toMatchObject({ state: "done", checkpoint: 1, path: folder(1) });
    }
  });

  test.each([
    ["while it is being stopped", [stop("a")], savepoint("x"), "the job is being stopped"],
    [
      "while it is being stopped without drain",
      [stop("a")],
      drain("x"),
      "the job is being stopped",
    ],
    [
      "while it finishes",
      allFinished,
      stop("x"),
      "all input has ended and the job finishes by itself",
    ],
    ["while sinks publish", [stop("a"), ...acks(1)], checkpoint("x"), "the job is ending"],
    [
      "when it is over",
      [stop("a"), ...acks(1), committed("out/0", 1)],
      checkpoint("x"),
      "the job is stopped",
    ],
  ] as const)("refuse what has no place %s", async (_when, before, given, reason) => {
    const bench = await after([
      [0, [start, ...before]],
      [10, [given]],
    ]);
    expect(bench.request("x")).toMatchObject({ state: "failed", reason });
  });

  test("that are open when the job ends have failed", async () => {
    const bench = await after(
      [
        [0, [start, savepoint("a")]],
        [5, allFinished],
        [10, [savepoint("b"), checkpoint("c")]],
        [15, acks(2)],
        [20, [committed("out/0", 2)]],
      ],
      { settings: { maxConcurrent: 2 } },
    );
    const failed = { state: "failed", reason: "stopped: the attempt ended" };
    expect(bench.request("a")).toMatchObject(failed);
    expect(bench.request("b")).toMatchObject(failed);
    expect(bench.request("c")).toMatchObject({ state: "failed", reason: "the job has ended" });
    expect(bench.result?.wakeUp).toBeNull();
  });

  test("are kept up to a limit, pending ones always", async () => {
    const many = Array.from({ length: 300 }, (_, n) => stop(`later-${n}`));
    const bench = await after([
      [0, [start, ...allFinished, checkpoint("pending")]],
      [10, many],
    ]);
    expect(bench.state.requests.length).toBe(256);
    expect(bench.request("pending")).toMatchObject({ state: "pending" });
    expect(bench.request("later-0")).toBeUndefined();
    expect(bench.request("later-299")).toBeDefined();
  });
});

/** A store that refuses to write metadata. */
class RefusingBlobStore extends MemoryBlobStore {
  refuses = true;

  override put(key: string, bytes: Uint8Array): Promise<boolean> {
    if (this.refuses && key.includes("_metadata")) return Promise.reject(new Error("slow down"));
    return super.put(key, bytes);
  }
}

describe("failures", () => {
  test("metadata that cannot be written is a failed checkpoint, and the next one is tried", async () => {
    const blobs = new RefusingBlobStore();
    const bench = new CoordinatorBench({ blobs, cold: true });
    await bench.turn(0, [start, checkpoint("a")]);
    expect(await bench.turn(10, acks(1))).toEqual(["wake 100"]);
    expect(bench.request("a")).toMatchObject({
      state: "failed",
      reason: "finalize-failure: slow down",
    });
    blobs.refuses = false;
    await bench.turn(100, [wake]);
    expect(await bench.turn(110, acks(2))).toEqual([`notify 2 ${toListeners}`, "wake never"]);
  });

  test("more failures than are tolerable fail the job, with the reason", async () => {
    const bench = new CoordinatorBench({ settings: { tolerableFailures: 0 } });
    await bench.turn(0, [start, checkpoint("a")]);
    expect(await bench.turn(10, [decline("work/0", 1)])).toContainEqual(
      expect.stringMatching(/^failed .*declined: work\/0: full/),
    );
  });
});
