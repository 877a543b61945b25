import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type CheckpointMetadata,
  CheckpointStorage,
  type KeyedFileName,
  type RunRecord,
  keyedFileRef,
} from "../../../core/checkpoint/index.ts";
import type { BlobStore } from "../../../core/ports/index.ts";
import { FileBlobStore } from "../../../infra/local/file-blob-store.ts";
import { MemoryBlobStore } from "../../../infra/memory/memory-blob-store.ts";
import { metadataOf, operatorEntry, subtaskState } from "./sample-metadata.ts";

const WRITE = process.env["MILLRACE_WRITE_FIXTURES"] === "1";
const directory = fileURLToPath(new URL("../../fixtures/checkpoint/v1", import.meta.url));

const RUN: RunRecord = {
  job: "flights",
  runId: "1a2b3c4d",
  status: "running",
  planHash: "9f86d081",
  startedFrom: null,
  since: 0,
};

const NAME: KeyedFileName = {
  runId: RUN.runId,
  checkpoint: 7,
  type: "checkpoint",
  uid: "hourly",
  subtask: 0,
  suffix: "00c0ffee",
};
const BASE = { kind: "base", bytes: Uint8Array.of(1, 2, 3, 4, 5) } as const;
const SEGMENT = { kind: "segment", bytes: Uint8Array.of(6, 7) } as const;
const FILES = [
  { ref: keyedFileRef({ ...NAME, checkpoint: 6 }, BASE), bytes: BASE.bytes },
  { ref: keyedFileRef(NAME, SEGMENT), bytes: SEGMENT.bytes },
];
const SAVEPOINT_FILE = {
  ref: keyedFileRef({ ...NAME, checkpoint: 8, type: "savepoint" }, BASE),
  bytes: BASE.bytes,
};

function sample(
  files: readonly { readonly ref: (typeof FILES)[number]["ref"] }[],
  rest: Partial<CheckpointMetadata>,
): CheckpointMetadata {
  const splits = { splits: [{ path: "a.parquet", rowGroup: 3, position: 17 }] };
  const flights = operatorEntry("flights", [subtaskState([], { lists: splits })], {
    coordinator: { state: { waiting: ["a.parquet#4"], done: 3n } },
  });
  const states = [
    { name: "window-contents", kind: "aggregating", version: 2, ttlMs: null },
    { name: "seen", kind: "map", version: 1, ttlMs: 86_400_000 },
  ] as const;
  const hourly = operatorEntry("hourly", [subtaskState(files.map(({ ref }) => ref))], { states });
  const sink = operatorEntry("hourly-files", [
    subtaskState([], {
      lists: { committables: [{ checkpoint: 7, committables: [{ name: "part-0-7" }] }] },
      unions: { bucketCounts: [1, 2] },
      broadcasts: { rules: [["JFK", new Date(0)]] },
    }),
  ]);
  return metadataOf(7, [flights, hourly, sink], rest);
}

const CHECKPOINT = sample(FILES, {});
const SAVEPOINT = sample([SAVEPOINT_FILE], { checkpoint: 8, kind: "savepoint" });

async function writeAll(blobs: BlobStore): Promise<void> {
  const storage = new CheckpointStorage({ blobs, location: "fixture" });
  for (const { ref, bytes } of [...FILES, SAVEPOINT_FILE]) await storage.writeKeyedPart(ref, bytes);
  await storage.store(CHECKPOINT);
  await storage.store(SAVEPOINT);
  await storage.writeRun(RUN);
}

describe("a checkpoint directory of format 1", () => {
  beforeAll(async () => {
    if (WRITE && !existsSync(directory)) await writeAll(await FileBlobStore.open(directory));
  });

  test("is restored for ever", async () => {
    const blobs = FileBlobStore.reading(directory);
    const storage = new CheckpointStorage({ blobs, location: directory });
    expect(await storage.readRunOf("flights")).toEqual(RUN);
    expect(await storage.latest(RUN.runId)).toEqual({ metadata: CHECKPOINT, skipped: [] });
    const savepoint = await storage.load("savepoint-8-1a2b3c4d");
    expect(savepoint).toEqual(SAVEPOINT);
    await storage.verify(savepoint);
  });

  test("is what is written today; another format needs another number", async () => {
    const [then, now] = [FileBlobStore.reading(directory), new MemoryBlobStore()];
    await writeAll(now);
    const listed = await now.list("");
    expect(await then.list("")).toEqual(listed);
    for (const { key } of listed) expect(await then.get(key), key).toEqual(await now.get(key));
  });
});
