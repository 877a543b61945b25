import { expect, test } from "vitest";
import { buildJob } from "../../../core/api/build-job.ts";
import { CheckpointStorage } from "../../../core/checkpoint/index.ts";
import type { SubtaskSnapshot } from "../../../core/checkpoint/index.ts";
import { defineJob } from "../../../index.ts";
import { JobCheckpoints } from "../../../infra/local/job-checkpoints.ts";
import { MemoryBlobStore } from "../../../infra/memory/memory-blob-store.ts";
import { Gate, listSink, settle } from "./harness.ts";

/** Keeps every write of keyed state waiting until its gate is open. */
class GatedStore extends MemoryBlobStore {
  readonly gates: Gate[] = [];
  broken = false;

  override async put(...args: Parameters<MemoryBlobStore["put"]>): Promise<boolean> {
    const gate = new Gate();
    this.gates.push(gate);
    await gate.opened;
    if (this.broken) throw new Error("the disk is gone");
    return super.put(...args);
  }
}

function checkpointsOver(blobs: GatedStore): JobCheckpoints {
  const job = defineJob({
    name: "job",
    build(env) {
      env
        .fromSequence(1, 9)
        .keyBy((n) => n)
        .reduce((a, b) => a + b)
        .uid("sum")
        .sinkTo(listSink<number>().sink)
        .uid("rows");
    },
  });
  return new JobCheckpoints({
    program: buildJob(job).program,
    codeHash: "",
    runId: "0123abcd",
    storage: new CheckpointStorage({ blobs, location: "memory" }),
    allowNonRestoredState: false,
    restore: null,
  });
}

function snapshot(kind: "base" | "segment" | null): SubtaskSnapshot {
  const keyed = kind === null ? null : { kind, bytes: new Uint8Array([1, 2, 3]) };
  const operatorState = { lists: {}, unions: {}, broadcasts: {} };
  return { vertex: "sum", subtask: 0, operators: [{ uid: "sum", keyed, operatorState }] };
}

test.each(["segment", null] as const)(
  "a checkpoint that names the file of one that was given up waits for it (with %s)",
  async (kind) => {
    const blobs = new GatedStore();
    const checkpoints = checkpointsOver(blobs);
    checkpoints.begin(1, "checkpoint", new Map());
    checkpoints.begin(2, "checkpoint", new Map());
    let acknowledged = false;
    const first = checkpoints.write(1, snapshot("base"));
    const second = checkpoints.write(2, snapshot(kind)).then(() => (acknowledged = true));
    for (const gate of blobs.gates.slice(1)) gate.open();
    await settle();
    expect(acknowledged).toBe(false);
    blobs.gates[0]?.open();
    await Promise.all([first, second]);
    expect(acknowledged).toBe(true);
  },
);

test("a checkpoint that names a file which could not be written fails, and the next one is whole", async () => {
  const blobs = new GatedStore();
  const checkpoints = checkpointsOver(blobs);
  for (const checkpoint of [1, 2, 3]) checkpoints.begin(checkpoint, "checkpoint", new Map());
  const first = checkpoints.write(1, snapshot("base"));
  const second = checkpoints.write(2, snapshot(null));
  blobs.broken = true;
  for (const gate of blobs.gates) gate.open();
  await expect(first).rejects.toThrow("the disk is gone");
  await expect(second).rejects.toThrow("the disk is gone");
  expect(checkpoints.full(3, "sum", 0)).toBe(true);
});
