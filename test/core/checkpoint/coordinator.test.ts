import { describe, expect, test } from "vitest";
import {
  CheckpointCoordinator,
  type CheckpointDecision,
  type CheckpointEvent,
  type CoordinatorSettings,
} from "../../../core/checkpoint/index.ts";

type Event = CheckpointEvent<string>;
/** An event and its time, and all decisions it must lead to, as text. */
type Step = readonly [at: number, event: Event, ...decisions: string[]];

interface Row {
  readonly name: string;
  readonly settings?: Partial<CoordinatorSettings>;
  readonly subtasks?: number;
  readonly firstCheckpoint?: number;
  readonly steps: readonly Step[];
}

const start: Event = { kind: "start" };
const active: Event = { kind: "active" };
const tick: Event = { kind: "tick" };
const finish: Event = { kind: "finish" };
const stop: Event = { kind: "stop" };
const suspend: Event = { kind: "suspend" };
const goOn: Event = { kind: "continue" };
const ask = (request: string): Event => ({ kind: "request", request, type: "checkpoint" });
const askSavepoint = (request: string): Event => ({ kind: "request", request, type: "savepoint" });
const ack = (checkpoint: number, subtask = 0): Event => ({
  kind: "acknowledged",
  checkpoint,
  vertex: "v",
  subtask,
  snapshot: `s${subtask}`,
});
type Reason = (Event & { kind: "declined" })["reason"];
const decline = (checkpoint: number, reason: Reason = "declined"): Event => ({
  kind: "declined",
  checkpoint,
  reason,
  detail: "full",
});
const stored = (checkpoint: number): Event => ({ kind: "stored", checkpoint });
const storeFailed = (checkpoint: number): Event => ({
  kind: "store-failed",
  checkpoint,
  detail: "full",
});

const SETTINGS: CoordinatorSettings = {
  intervalMs: 100,
  timeoutMs: 1_000,
  minPauseMs: 0,
  maxConcurrent: 1,
  tolerableFailures: 9,
  retained: 2,
};

function describeDecision(decision: CheckpointDecision<string>): string {
  switch (decision.kind) {
    case "trigger":
      return `trigger ${decision.type} ${decision.checkpoint}`;
    case "store":
      return `store ${decision.checkpoint} [${decision.acknowledgements.map((each) => each.snapshot).join(" ")}]`;
    case "abort": {
      const request = decision.request === null ? "" : ` of ${decision.request}`;
      return `abort ${decision.checkpoint}${request}: ${decision.reason}`;
    }
    case "completed": {
      const request = decision.request === null ? "" : ` of ${decision.request}`;
      return `completed ${decision.checkpoint}${request}${decision.final ? " final" : ""}`;
    }
    case "reject":
      return `reject ${decision.request}`;
    case "notify-complete":
      return `notify ${decision.checkpoint}`;
    case "retain":
      return `retain ${decision.count}`;
    case "wake-at":
      return `wake ${decision.timestamp ?? "never"}`;
    case "fail-job":
      return `fail: ${decision.message}`;
  }
}

/** What completing a checkpoint always leads to. */
const done = (checkpoint: number): string[] => [
  `completed ${checkpoint}`,
  `notify ${checkpoint}`,
  "retain 2",
];

const rows: readonly Row[] = [
  {
    name: "trigger: one interval after the start, when something was active",
    steps: [
      [1_000, start],
      [1_010, active, "wake 1100"],
      [1_100, tick, "trigger checkpoint 1", "wake 2100"],
    ],
  },
  {
    name: "trigger: the interval runs from trigger to trigger",
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 1100"],
      [150, active],
      [160, ack(1), "store 1 [s0]", "wake never"],
      [170, stored(1), ...done(1), "wake 200"],
      [200, tick, "trigger checkpoint 2", "wake 1200"],
    ],
  },
  {
    name: "trigger: a tick that comes early is answered with the right time again",
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [50, tick, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 1100"],
    ],
  },
  {
    name: "idle: nothing active, nothing armed, nothing triggered (L8)",
    steps: [
      [0, start],
      [5_000, tick],
      [5_000, active, "trigger checkpoint 1", "wake 6000"],
      [5_010, ack(1), "store 1 [s0]", "wake never"],
      [5_020, stored(1), ...done(1)],
      [9_000, tick],
    ],
  },
  {
    name: "idle: activity before the trigger counts for one checkpoint only",
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [10, active],
      [100, tick, "trigger checkpoint 1", "wake 1100"],
      [110, ack(1), "store 1 [s0]", "wake never"],
      [120, stored(1), ...done(1)],
      [130, active, "wake 200"],
    ],
  },
  {
    name: "no interval: only requests",
    settings: { intervalMs: null },
    steps: [
      [0, start],
      [0, active],
      [9_000, tick],
      [9_000, ask("r"), "trigger checkpoint 1", "wake 10000"],
    ],
  },
  {
    name: "ack: the store waits for every subtask, and a second ack of one changes nothing",
    subtasks: 3,
    steps: [
      [0, start],
      [0, ask("r"), "trigger checkpoint 1", "wake 1000"],
      [10, ack(1, 2)],
      [11, ack(1, 2)],
      [12, ack(1, 0)],
      [13, ack(1, 1), "store 1 [s2 s0 s1]", "wake never"],
      [14, ack(1, 1)],
      [20, stored(1), "completed 1 of r", "notify 1", "retain 2"],
      [21, stored(1)],
    ],
  },
  {
    name: "numbers: go on from firstCheckpoint, over failures and savepoints",
    firstCheckpoint: 41,
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 41", "wake 1000"],
      [1, decline(41), "abort 41 of a: declined", "wake 100"],
      [2, askSavepoint("b"), "trigger savepoint 42", "wake 1002"],
    ],
  },
  {
    name: "decline: aborts, is forgotten afterwards, and the next trigger comes in its time",
    subtasks: 2,
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 1100"],
      [110, ack(1, 0)],
      [120, decline(1), "abort 1: declined", "wake 200"],
      [121, decline(1)],
      [130, ack(1, 1)],
      [200, tick, "trigger checkpoint 2", "wake 1200"],
      [210, ack(2, 1)],
      [220, ack(2, 0), "store 2 [s1 s0]", "wake never"],
    ],
  },
  {
    name: "decline: comes too late once the metadata is being written",
    steps: [
      [0, start],
      [0, ask("r"), "trigger checkpoint 1", "wake 1000"],
      [1, ack(1), "store 1 [s0]", "wake never"],
      [2, decline(1)],
      [3, stored(1), "completed 1 of r", "notify 1", "retain 2"],
    ],
  },
  {
    name: "timeout: expires and names who did not answer, acks after it are ignored",
    subtasks: 2,
    settings: { timeoutMs: 300, intervalMs: null, tolerableFailures: 0 },
    steps: [
      [0, start],
      [0, ask("r"), "trigger checkpoint 1", "wake 300"],
      [100, ack(1, 0)],
      [299, tick, "wake 300"],
      [
        300,
        tick,
        "abort 1 of r: expired",
        "fail: checkpoint 1 failed (expired: no answer in 300 ms from v[1]); failures in a row that are tolerable: 0",
        "wake 600",
      ],
      [301, ack(1, 1), "wake never"],
    ],
  },
  {
    name: "timeout: the next one starts when the barriers of the one before have been everywhere",
    subtasks: 2,
    settings: { timeoutMs: 300, intervalMs: 100 },
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 400"],
      [200, ack(1, 0)],
      [400, tick, "abort 1: expired", "wake 700"],
      [500, ask("r")],
      [600, ack(1, 1), "trigger checkpoint 2", "wake 900"],
      [601, ack(2, 0)],
      [602, ack(2, 1), "store 2 [s0 s1]", "wake never"],
    ],
  },
  {
    name: "timeout: barriers that are under way for ever are further failures",
    settings: { timeoutMs: 300, intervalMs: 100, tolerableFailures: 2 },
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 400"],
      [400, tick, "abort 1: expired", "wake 700"],
      [700, tick, "wake 1000"],
      [
        1_000,
        tick,
        "fail: checkpoint 1 failed (expired: no answer in 900 ms from v[0]); failures in a row that are tolerable: 2",
        "wake 1300",
      ],
      [1_001, decline(1), "trigger checkpoint 2", "wake 1301"],
    ],
  },
  {
    name: "timeout: barriers that are under way for ten more timeouts are waited for no longer",
    settings: { timeoutMs: 300, intervalMs: 100, tolerableFailures: 20 },
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 400"],
      [400, tick, "abort 1: expired", "wake 700"],
      [3_399, tick, "wake 3400"],
      [3_400, tick, "trigger checkpoint 2", "wake 3700"],
    ],
  },
  {
    name: "timeout: a savepoint does not wait for the barriers of an expired one, and its end is theirs",
    settings: { timeoutMs: 300, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 300"],
      [300, tick, "abort 1 of a: expired", "wake 600"],
      [301, askSavepoint("s"), "trigger savepoint 2"],
      [302, ask("b")],
      [303, ack(2), "store 2 [s0]"],
      [304, stored(2), "completed 2 of s", "trigger checkpoint 3", "wake 604"],
    ],
  },
  {
    name: "timeout: does not strike while the metadata is being written",
    settings: { timeoutMs: 300, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("r"), "trigger checkpoint 1", "wake 300"],
      [100, ack(1), "store 1 [s0]", "wake never"],
      [900, tick],
      [901, stored(1), "completed 1 of r", "notify 1", "retain 2"],
    ],
  },
  {
    name: "subsume: completing 2 ends 1, whose late acks are ignored",
    subtasks: 2,
    settings: { maxConcurrent: 2, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, ask("b"), "trigger checkpoint 2"],
      [2, ack(1, 0)],
      [3, ack(2, 0)],
      [4, ack(2, 1), "store 2 [s0 s1]"],
      [
        5,
        stored(2),
        "abort 1 of a: subsumed",
        "completed 2 of b",
        "notify 2",
        "retain 2",
        "wake never",
      ],
      [6, ack(1, 1)],
      [7, stored(1)],
    ],
  },
  {
    name: "subsume: a savepoint is not subsumed, and subsumes nobody",
    subtasks: 2,
    settings: { maxConcurrent: 3, intervalMs: null },
    steps: [
      [0, start],
      [0, askSavepoint("s"), "trigger savepoint 1", "wake 1000"],
      [1, ask("b"), "trigger checkpoint 2"],
      [2, askSavepoint("t"), "trigger savepoint 3"],
      [3, ack(3, 0)],
      [4, ack(3, 1), "store 3 [s0 s1]"],
      [5, stored(3), "completed 3 of t"],
      [6, ack(2, 0)],
      [7, ack(2, 1), "store 2 [s0 s1]"],
      [8, stored(2), "completed 2 of b", "notify 2", "retain 2"],
      [9, ack(1, 0)],
      [10, ack(1, 1), "store 1 [s0 s1]", "wake never"],
      [11, stored(1), "completed 1 of s"],
    ],
  },
  {
    name: "store: one after the other, the older first",
    settings: { maxConcurrent: 3, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, ask("b"), "trigger checkpoint 2"],
      [2, ask("c"), "trigger checkpoint 3"],
      [3, ack(1), "store 1 [s0]", "wake 1001"],
      [4, ack(3)],
      [5, ack(2), "wake never"],
      [6, stored(1), "completed 1 of a", "notify 1", "retain 2", "store 2 [s0]"],
      [7, stored(2), "completed 2 of b", "notify 2", "retain 2", "store 3 [s0]"],
    ],
  },
  {
    name: "min pause: counts from the end of the last checkpoint",
    settings: { minPauseMs: 80 },
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 1100"],
      [110, active],
      [180, ack(1), "store 1 [s0]", "wake never"],
      [190, stored(1), ...done(1), "wake 270"],
      [200, tick, "wake 270"],
      [270, tick, "trigger checkpoint 2", "wake 1270"],
    ],
  },
  {
    name: "min pause: does not count after a failure",
    settings: { minPauseMs: 80 },
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 1100"],
      [190, decline(1), "abort 1: declined", "wake 200"],
    ],
  },
  {
    name: "min pause: a manual checkpoint and a savepoint ignore it",
    settings: { minPauseMs: 80 },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [10, ack(1), "store 1 [s0]", "wake never"],
      [20, stored(1), "completed 1 of a", "notify 1", "retain 2"],
      [25, ask("b"), "trigger checkpoint 2", "wake 1025"],
      [26, askSavepoint("c"), "trigger savepoint 3"],
    ],
  },
  {
    name: "max concurrent: the due trigger waits for a slot, then comes at once",
    settings: { maxConcurrent: 2 },
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 1100"],
      [101, active, "wake 200"],
      [200, tick, "trigger checkpoint 2", "wake 1100"],
      [201, active],
      [300, tick, "wake 1100"],
      [310, ack(1), "store 1 [s0]", "wake 1200"],
      [320, stored(1), ...done(1), "trigger checkpoint 3"],
    ],
  },
  {
    name: "max concurrent: manual checkpoints wait in their order, savepoints do not",
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, ask("b")],
      [2, ask("c")],
      [3, askSavepoint("s"), "trigger savepoint 2"],
      [4, ack(1), "store 1 [s0]", "wake 1003"],
      [5, stored(1), "completed 1 of a", "notify 1", "retain 2"],
      [6, ack(2), "store 2 [s0]", "wake never"],
      [7, stored(2), "completed 2 of s", "trigger checkpoint 3", "wake 1007"],
      [8, ack(3), "store 3 [s0]", "wake never"],
      [
        9,
        stored(3),
        "completed 3 of b",
        "notify 3",
        "retain 2",
        "trigger checkpoint 4",
        "wake 1009",
      ],
    ],
  },
  {
    name: "tolerable failures: one more in a row fails the job",
    settings: { tolerableFailures: 1, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, decline(1, "io-exception"), "abort 1 of a: io-exception", "wake never"],
      [2, ask("b"), "trigger checkpoint 2", "wake 1002"],
      [
        3,
        decline(2, "async-exception"),
        "abort 2 of b: async-exception",
        "fail: checkpoint 2 failed (async-exception: full); failures in a row that are tolerable: 1",
        "wake never",
      ],
    ],
  },
  {
    name: "tolerable failures: a success between two failures resets the count",
    settings: { tolerableFailures: 1, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, decline(1), "abort 1 of a: declined", "wake never"],
      [2, ask("b"), "trigger checkpoint 2", "wake 1002"],
      [3, ack(2), "store 2 [s0]", "wake never"],
      [4, stored(2), "completed 2 of b", "notify 2", "retain 2"],
      [5, ask("c"), "trigger checkpoint 3", "wake 1005"],
      [6, decline(3), "abort 3 of c: declined", "wake never"],
    ],
  },
  {
    name: "tolerable failures: one checkpoint counts once, however many subtasks decline",
    subtasks: 2,
    settings: { tolerableFailures: 1, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, decline(1), "abort 1 of a: declined", "wake never"],
      [2, decline(1)],
      [3, decline(1, "io-exception")],
    ],
  },
  {
    name: "tolerable failures: a task that is not ready or closing does not count, nor a subsumed one",
    settings: { tolerableFailures: 0, intervalMs: null, maxConcurrent: 2 },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, decline(1, "task-not-ready"), "abort 1 of a: task-not-ready", "wake never"],
      [2, ask("b"), "trigger checkpoint 2", "wake 1002"],
      [3, decline(2, "task-closing"), "abort 2 of b: task-closing", "wake never"],
      [4, ask("c"), "trigger checkpoint 3", "wake 1004"],
      [5, ask("d"), "trigger checkpoint 4"],
      [6, ack(4), "store 4 [s0]"],
      [
        7,
        stored(4),
        "abort 3 of c: subsumed",
        "completed 4 of d",
        "notify 4",
        "retain 2",
        "wake never",
      ],
    ],
  },
  {
    name: "tolerable failures: metadata that cannot be written counts",
    settings: { tolerableFailures: 0, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, ack(1), "store 1 [s0]", "wake never"],
      [
        2,
        storeFailed(1),
        "abort 1 of a: finalize-failure",
        "fail: checkpoint 1 failed (finalize-failure: full); failures in a row that are tolerable: 0",
      ],
    ],
  },
  {
    name: "tolerable failures: of a savepoint only what a task reports counts",
    settings: { tolerableFailures: 0, intervalMs: null, timeoutMs: 100 },
    steps: [
      [0, start],
      [0, askSavepoint("a"), "trigger savepoint 1", "wake 100"],
      [100, tick, "abort 1 of a: expired", "wake 200"],
      [101, askSavepoint("b"), "trigger savepoint 2"],
      [102, ack(2), "store 2 [s0]"],
      [103, storeFailed(2), "abort 2 of b: finalize-failure"],
      [104, askSavepoint("c"), "trigger savepoint 3"],
      [
        105,
        decline(3),
        "abort 3 of c: declined",
        "fail: checkpoint 3 failed (declined: full); failures in a row that are tolerable: 0",
      ],
    ],
  },
  {
    name: "tolerable failures: one that is older than the last success does not count",
    settings: { tolerableFailures: 0, intervalMs: null, maxConcurrent: 2 },
    steps: [
      [0, start],
      [0, askSavepoint("s"), "trigger savepoint 1", "wake 1000"],
      [1, ask("a"), "trigger checkpoint 2"],
      [2, ack(2), "store 2 [s0]"],
      [3, stored(2), "completed 2 of a", "notify 2", "retain 2"],
      [4, decline(1), "abort 1 of s: declined", "wake never"],
    ],
  },
  {
    name: "savepoint: leaves the activity for the next checkpoint",
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [10, askSavepoint("s"), "trigger savepoint 1", "wake 1010"],
      [20, ack(1), "store 1 [s0]", "wake never"],
      [30, stored(1), "completed 1 of s", "wake 100"],
    ],
  },
  {
    name: "suspended: savepoints start, checkpoints that are due or asked for wait",
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [10, suspend, "wake never"],
      [100, ask("a")],
      [110, askSavepoint("s"), "trigger savepoint 1", "wake 1110"],
      [120, finish],
      [130, ack(1), "store 1 [s0]", "wake never"],
      [140, stored(1), "completed 1 of s"],
      [150, goOn, "trigger checkpoint 2", "wake 1150"],
      [160, ack(2), "store 2 [s0]", "wake never"],
      [170, stored(2), "completed 2 of a final", "notify 2", "retain 2"],
    ],
  },
  {
    name: "late: an ack of another attempt's checkpoint is ignored",
    firstCheckpoint: 8,
    steps: [
      [0, start],
      [0, ask("r"), "trigger checkpoint 8", "wake 1000"],
      [1, ack(7)],
      [2, decline(7)],
      [3, stored(7)],
      [4, storeFailed(7)],
    ],
  },
  {
    name: "before the start: requests wait",
    steps: [
      [0, ask("a")],
      [5, start, "trigger checkpoint 1", "wake 1005"],
    ],
  },
  {
    name: "finish: a last checkpoint at once, also without activity and within min pause",
    settings: { minPauseMs: 500, intervalMs: null },
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, ack(1), "store 1 [s0]", "wake never"],
      [2, stored(1), "completed 1 of a", "notify 1", "retain 2"],
      [3, finish, "trigger checkpoint 2", "wake 1003"],
      [4, ack(2), "store 2 [s0]", "wake never"],
      [5, stored(2), "completed 2 final", "notify 2", "retain 2"],
      [500, tick],
    ],
  },
  {
    name: "finish: one that was pending before does not cover the end",
    steps: [
      [0, start],
      [0, active, "wake 100"],
      [100, tick, "trigger checkpoint 1", "wake 1100"],
      [110, finish],
      [120, ack(1), "store 1 [s0]", "wake never"],
      [130, stored(1), ...done(1), "trigger checkpoint 2", "wake 1130"],
      [140, ack(2), "store 2 [s0]", "wake never"],
      [150, stored(2), "completed 2 final", "notify 2", "retain 2"],
    ],
  },
  {
    name: "finish: the last checkpoint is tried again after a tolerable failure",
    settings: { tolerableFailures: 1 },
    steps: [
      [0, start],
      [10, finish, "trigger checkpoint 1", "wake 1010"],
      [20, decline(1), "abort 1: declined", "wake 110"],
      [110, tick, "trigger checkpoint 2", "wake 1110"],
    ],
  },
  {
    name: "stop: aborts what is pending, refuses requests, and decides nothing more",
    steps: [
      [0, start],
      [0, ask("a"), "trigger checkpoint 1", "wake 1000"],
      [1, ask("b")],
      [2, stop, "abort 1 of a: stopped", "reject b", "wake never"],
      [3, ack(1)],
      [4, active],
      [5, tick],
      [6, finish],
      [7, ask("c"), "reject c"],
    ],
  },
];

describe("the checkpoint coordinator", () => {
  test.each(rows.map((row) => [row.name, row] as const))("%s", (_name, row) => {
    const coordinator = new CheckpointCoordinator<string>({
      settings: { ...SETTINGS, ...row.settings },
      subtasks: Array.from({ length: row.subtasks ?? 1 }, (_, subtask) => ({
        vertex: "v",
        subtask,
      })),
      firstCheckpoint: row.firstCheckpoint ?? 1,
    });
    row.steps.forEach(([at, event, ...expected], step) => {
      const decisions = coordinator.handle(event, at).map(describeDecision);
      expect(decisions, `step ${step}: ${event.kind} at ${at}`).toEqual(expected);
    });
  });
});
