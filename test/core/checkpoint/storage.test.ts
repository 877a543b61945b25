import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CheckpointMetadata,
  CheckpointStorage,
  type KeyedFileRef,
  type KeyedPart,
  type RunRecord,
  keyedFileRef,
} from "../../../core/checkpoint/index.ts";
import { type RestoreError, StorageError } from "../../../core/errors.ts";
import type { BlobStore } from "../../../core/ports/index.ts";
import { seal, toBytes } from "../../../core/record/index.ts";
import { MemoryBlobStore } from "../../../infra/memory/memory-blob-store.ts";
import { metadataOf, operatorEntry, subtaskState } from "./sample-metadata.ts";

const RUN = "1a2b3c4d";
const RECORD: RunRecord = {
  job: "flights",
  runId: RUN,
  status: "running",
  planHash: "p",
  startedFrom: null,
  since: 0,
};

function setUp(options: { prefix?: string; blobs?: BlobStore } = {}) {
  const blobs = options.blobs ?? new MemoryBlobStore();
  const prefix = options.prefix ?? "";
  return { blobs, storage: new CheckpointStorage({ blobs, prefix, location: "ckpt" }) };
}

const part = (kind: "base" | "segment", ...bytes: number[]): KeyedPart => ({
  kind,
  bytes: Uint8Array.from(bytes),
});

/** Writes a file for `checkpoint` and gives its reference. */
async function write(
  storage: CheckpointStorage,
  checkpoint: number,
  file: KeyedPart,
  type: "checkpoint" | "savepoint" = "checkpoint",
): Promise<KeyedFileRef> {
  const name = { runId: RUN, checkpoint, type, uid: "op", subtask: 0, suffix: "00ff" };
  const ref = keyedFileRef(name, file);
  await storage.writeKeyedPart(ref, file.bytes);
  return ref;
}

const naming = (
  checkpoint: number,
  files: readonly KeyedFileRef[],
  rest: Partial<CheckpointMetadata> = {},
): CheckpointMetadata => metadataOf(checkpoint, [operatorEntry("op", [subtaskState(files)])], rest);

/** Checkpoints 1 and 2 over one chain: a base and a segment. */
async function twoCheckpoints() {
  const { blobs, storage } = setUp();
  const base = await write(storage, 1, part("base", 1, 2, 3));
  const first = naming(1, [base]);
  await storage.store(first);
  const segment = await write(storage, 2, part("segment", 4, 5));
  const second = naming(2, [base, segment]);
  await storage.store(second);
  // A second process knows nothing but what is stored.
  return { blobs, storage: setUp({ blobs }).storage, first, second, base, segment };
}

const keys = async (blobs: BlobStore): Promise<string[]> =>
  (await blobs.list("")).map(({ key }) => key);

async function change(
  blobs: BlobStore,
  key: string,
  edit: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const bytes = await blobs.get(key);
  if (bytes === null) throw new Error(`no ${key}`);
  await blobs.put(key, edit(bytes));
}

const flip = (bytes: Uint8Array): Uint8Array => {
  bytes[bytes.length >> 1]! ^= 4;
  return bytes;
};
const cut = (bytes: Uint8Array): Uint8Array => bytes.slice(0, -1);

describe("checkpoint storage", () => {
  test("gives the newest checkpoint of the run, as it was stored", async () => {
    const { storage, second } = await twoCheckpoints();
    expect(await storage.latest(RUN)).toEqual({ metadata: second, skipped: [] });
    expect(await storage.load("chk-1")).toMatchObject({ checkpoint: 1 });
    expect(await storage.load("chk-1/")).toMatchObject({ checkpoint: 1 });
  });

  test("orders checkpoints by number, not by name", async () => {
    const { storage } = setUp();
    for (const checkpoint of [9, 10, 100]) await storage.store(naming(checkpoint, []));
    expect((await storage.latest(RUN)).metadata?.checkpoint).toBe(100);
  });

  test("has no latest checkpoint before the first, and none of another run", async () => {
    const { storage } = await twoCheckpoints();
    expect(await setUp().storage.latest(RUN)).toEqual({ metadata: null, skipped: [] });
    expect(await storage.latest("99999999")).toEqual({ metadata: null, skipped: [] });
  });

  test("lays everything out under its prefix", async () => {
    const { blobs, storage } = setUp({ prefix: "jobs/flights/" });
    const ref = await write(storage, 3, part("base", 1));
    expect(await storage.store(naming(3, [ref]))).toBe("chk-3");
    await storage.writeRun(RECORD);
    expect(await keys(blobs)).toEqual([
      "jobs/flights/chk-3/_metadata",
      "jobs/flights/run.json",
      `jobs/flights/shared/3-${RUN}-op-0-00ff.base`,
    ]);
    expect((await storage.latest(RUN)).metadata).toEqual(naming(3, [ref]));
    expect(await storage.readKeyedPart(ref)).toEqual(Uint8Array.of(1));
  });

  test("never writes a file or a checkpoint twice", async () => {
    const { storage } = await twoCheckpoints();
    await expect(write(storage, 1, part("base", 9))).rejects.toThrow(/CS2/);
    await expect(storage.store(naming(2, []))).rejects.toThrow(/CS2/);
  });

  test("refuses a checkpoint with a file that was not written", async () => {
    const { storage, base } = await twoCheckpoints();
    await storage.latest(RUN);
    const lost = { ...base, key: `shared/3-${RUN}-op-0-00ff.segment` };
    await expect(storage.store(naming(4, [base, lost]))).rejects.toMatchObject({
      code: "STORAGE_CHECKPOINT_FILE",
      message: `ckpt/${lost.key} was not written`,
    });
    expect((await storage.latest(RUN)).metadata?.checkpoint).toBe(2);
  });

  const METADATA = "chk-2/_metadata";
  const SEGMENT = `shared/2-${RUN}-op-0-00ff.segment`;
  const damages: readonly (readonly [string, (blobs: BlobStore) => Promise<void>, string])[] = [
    [
      "a flipped bit in _metadata",
      (b) => change(b, METADATA, flip),
      `chk-2 is corrupt (ckpt/${METADATA}: a metadata is damaged`,
    ],
    [
      "a _metadata cut short",
      (b) => change(b, METADATA, cut),
      `chk-2 is corrupt (ckpt/${METADATA}: a metadata is cut short`,
    ],
    [
      "an empty _metadata",
      (b) => change(b, METADATA, () => new Uint8Array(0)),
      `chk-2 is corrupt (ckpt/${METADATA}`,
    ],
    [
      "a foreign file",
      (b) => change(b, METADATA, () => Uint8Array.from([80, 65, 82, 49])),
      `chk-2 is corrupt (ckpt/${METADATA}: not a Millrace metadata`,
    ],
    [
      "another value in the frame",
      (b) => change(b, METADATA, () => seal("metadata", 1, toBytes({ a: 1 }))),
      "not the metadata of a checkpoint",
    ],
    ["a missing file", (b) => b.delete([SEGMENT]), `ckpt/${SEGMENT} is missing`],
    [
      "a flipped bit in a file",
      (b) => change(b, SEGMENT, flip),
      `ckpt/${SEGMENT} is corrupt (wrong checksum)`,
    ],
    [
      "a file cut short",
      (b) => change(b, SEGMENT, cut),
      `ckpt/${SEGMENT} has 1 bytes in place of 2`,
    ],
  ];
  test.each(damages)(
    "falls back to the checkpoint before, after %s",
    async (_name, damage, says) => {
      const { blobs, storage, first } = await twoCheckpoints();
      await damage(blobs);
      const { metadata, skipped } = await storage.latest(RUN);
      expect(metadata).toEqual(first);
      expect(skipped).toHaveLength(1);
      expect(skipped[0]).toContain(says);
    },
  );

  test("finds any flipped bit of any stored byte", async () => {
    const { blobs } = await twoCheckpoints();
    const newest = (await keys(blobs)).filter((key) => key.includes("2"));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...newest), fc.nat(), fc.nat(7), async (key, at, bit) => {
        const bytes = await blobs.get(key);
        if (bytes === null) throw new Error(`no ${key}`);
        const changed = bytes.slice();
        changed[at % bytes.length]! ^= 1 << bit;
        await blobs.put(key, changed);
        // A shared base is named by both checkpoints, so then none is left.
        const result = await setUp({ blobs })
          .storage.latest(RUN)
          .catch(() => null);
        await blobs.put(key, bytes);
        expect(result?.metadata?.checkpoint).not.toBe(2);
      }),
    );
  });

  test("does not start from nothing when checkpoints are there and none is whole", async () => {
    const { blobs, storage, base } = await twoCheckpoints();
    await blobs.delete([base.key]);
    const error = (await storage.latest(RUN).catch((e: unknown) => e)) as RestoreError;
    expect(error.code).toBe("RESTORE_NO_USABLE_CHECKPOINT");
    expect(error.describe()).toBe(
      `no checkpoint in ckpt can be used: ckpt/${base.key} is missing; ckpt/${base.key} is missing; restore from a savepoint with --from, or start afresh with --fresh`,
    );
  });

  test("does not fall back from a checkpoint of a newer format", async () => {
    const { blobs, storage } = await twoCheckpoints();
    await change(blobs, METADATA, () => seal("metadata", 2, toBytes({})));
    await expect(storage.latest(RUN)).rejects.toMatchObject({ code: "RESTORE_NEWER_FORMAT" });
  });

  test("does not fall back because the store cannot be read just now", async () => {
    const { blobs } = await twoCheckpoints();
    const failing: BlobStore = {
      put: (key, bytes, options) => blobs.put(key, bytes, options),
      list: (prefix) => blobs.list(prefix),
      delete: (all) => blobs.delete(all),
      get: () => Promise.reject(new StorageError("cannot read", { code: "STORAGE_FILE" })),
    };
    await expect(setUp({ blobs: failing }).storage.latest(RUN)).rejects.toThrow(StorageError);
  });

  test("says which checkpoints there are when one is asked for that is not", async () => {
    const { storage } = await twoCheckpoints();
    const error = (await storage.load("chk-7").catch((e: unknown) => e)) as RestoreError;
    expect(error.describe()).toBe("there is no checkpoint chk-7 in ckpt; there are: chk-1, chk-2");
  });

  test("knows the greatest number in use, also of what was never finished", async () => {
    const { storage } = setUp();
    expect(await storage.lastNumber()).toBe(0);
    await storage.store(naming(3, []));
    expect(await storage.lastNumber()).toBe(3);
    await storage.store(naming(12, [], { kind: "savepoint" }));
    expect(await storage.lastNumber()).toBe(12);
    await write(storage, 14, part("segment", 1));
    expect(await storage.lastNumber()).toBe(14);
    await write(storage, 15, part("base", 1), "savepoint");
    expect(await storage.lastNumber()).toBe(15);
  });
});

describe("retention", () => {
  test("deletes older checkpoints and the files only they name", async () => {
    const { blobs, storage, base, segment } = await twoCheckpoints();
    const rebased = await write(storage, 3, part("base", 7));
    await storage.store(naming(3, [rebased]));
    await storage.retain(2);
    expect(await keys(blobs)).toEqual(
      [METADATA_OF(2), METADATA_OF(3), base.key, segment.key, rebased.key].sort(),
    );
    await storage.retain(1);
    expect(await keys(blobs)).toEqual([METADATA_OF(3), rebased.key].sort());
  });

  test("keeps what a pending checkpoint may name, and clears it once it is not needed", async () => {
    const { blobs, storage, base, segment } = await twoCheckpoints();
    const pending = await write(storage, 3, part("segment", 6));
    await storage.retain(1);
    expect(await keys(blobs)).toEqual([METADATA_OF(2), base.key, segment.key, pending.key].sort());
    // 3 was aborted, and 4 begins anew.
    const rebased = await write(storage, 4, part("base", 8));
    await storage.store(naming(4, [rebased]));
    await storage.retain(1);
    expect(await keys(blobs)).toEqual([METADATA_OF(4), rebased.key].sort());
  });

  test("does not count a corrupt checkpoint as one to fall back on", async () => {
    const { blobs, storage } = await twoCheckpoints();
    await change(blobs, METADATA_OF(2), flip);
    await storage.store(naming(3, []));
    await storage.retain(2);
    expect(await keys(blobs)).toContain(METADATA_OF(2));
    await change(blobs, METADATA_OF(3), flip);
    expect((await setUp({ blobs }).storage.latest(RUN)).metadata?.checkpoint).toBe(1);
  });

  test("never touches a savepoint", async () => {
    const { blobs, storage } = setUp();
    const ref = await write(storage, 1, part("base", 1), "savepoint");
    const name = await storage.store(naming(1, [ref], { kind: "savepoint" }));
    for (const checkpoint of [2, 3]) await storage.store(naming(checkpoint, []));
    await storage.retain(1);
    await storage.sweep();
    expect(await keys(blobs)).toEqual([METADATA_OF(3), `${name}/_metadata`, ref.key]);
  });

  test("a sweep deletes what a crashed attempt left, and nothing else", async () => {
    const { blobs, storage } = await twoCheckpoints();
    const before = await keys(blobs);
    await write(storage, 3, part("segment", 6));
    await storage.sweep();
    expect(await keys(blobs)).toEqual(before);
  });

  test("however checkpoints overlap, abort and complete, all that are kept or pending stay whole", async () => {
    const step = fc.constantFrom("cut", "cut", "rebase", "complete", "abort", "restart");
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        playRetention,
      ),
      { numRuns: 300 },
    );
  });
});

const METADATA_OF = (checkpoint: number): string => `chk-${checkpoint}/_metadata`;

async function playRetention(steps: readonly string[], count: number): Promise<void> {
  const { blobs, storage } = setUp();
  let chain: readonly KeyedFileRef[] = [];
  let completed: readonly KeyedFileRef[] = [];
  let pending: { readonly checkpoint: number; readonly files: readonly KeyedFileRef[] }[] = [];
  const kept: number[] = [];
  let next = 1;
  for (const [at, step] of steps.entries()) {
    if (step === "cut" || step === "rebase") {
      const kind = step === "rebase" || chain.length === 0 ? "base" : "segment";
      const ref = await write(storage, next, part(kind, next));
      chain = kind === "base" ? [ref] : [...chain, ref];
      pending.push({ checkpoint: next, files: chain });
      next += 1;
    } else if (step === "complete" || step === "abort") {
      const [chosen] = pending.splice(at % Math.max(1, pending.length), 1);
      if (chosen === undefined || step === "abort") continue;
      await storage.store(naming(chosen.checkpoint, chosen.files));
      pending = pending.filter(({ checkpoint }) => checkpoint > chosen.checkpoint);
      completed = chosen.files;
      kept.unshift(chosen.checkpoint);
      await storage.retain(count);
    } else {
      pending = [];
      chain = completed;
      await storage.sweep();
    }
    for (const { files } of pending) await storage.verify(naming(0, files));
    for (const each of kept.slice(0, count))
      await storage.verify(await storage.load(`chk-${each}`));
  }
  await storage.sweep();
  const named = new Set<string>();
  for (const each of kept.slice(0, count)) {
    for (const { keyedFiles } of (await storage.load(`chk-${each}`)).operators[0]?.subtasks ?? []) {
      for (const { key } of keyedFiles) named.add(key);
    }
  }
  expect((await blobs.list("shared/")).map(({ key }) => key)).toEqual([...named].sort());
}

describe("a savepoint", () => {
  async function savepoint() {
    const { blobs, storage } = setUp();
    const ref = await write(storage, 5, part("base", 1, 2), "savepoint");
    const metadata = naming(5, [ref], { kind: "savepoint" });
    return { blobs, storage, ref, metadata, name: await storage.store(metadata) };
  }

  test("has a folder of its own and is no latest checkpoint", async () => {
    const { storage, metadata, name } = await savepoint();
    expect(name).toBe(`savepoint-5-${RUN}`);
    expect(await storage.load(name)).toEqual(metadata);
    expect((await storage.latest(RUN)).metadata).toBeNull();
  });

  test("can be moved, renamed and read alone", async () => {
    const { blobs, name } = await savepoint();
    const elsewhere = setUp({ prefix: "archive/" });
    for (const key of await keys(blobs)) {
      const renamed = key.replace(name, "before-the-upgrade");
      await elsewhere.blobs.put(`archive/${renamed}`, (await blobs.get(key)) ?? new Uint8Array(0));
    }
    const metadata = await elsewhere.storage.load("before-the-upgrade/");
    await elsewhere.storage.verify(metadata);
    expect(metadata.checkpoint).toBe(5);
  });

  test("refuses segments and files of checkpoints", async () => {
    const { storage } = await savepoint();
    await expect(write(storage, 6, part("segment", 1), "savepoint")).rejects.toThrow(
      /self-contained/,
    );
    const shared = await write(storage, 6, part("base", 1));
    await expect(storage.store(naming(6, [shared], { kind: "savepoint" }))).rejects.toThrow(/CS4/);
  });

  test("that was aborted can be discarded, a complete one never", async () => {
    const { blobs, storage } = await savepoint();
    const before = await keys(blobs);
    await write(storage, 6, part("base", 1), "savepoint");
    await storage.discardSavepoint(6, RUN);
    expect(await keys(blobs)).toEqual(before);
    await storage.discardSavepoint(5, RUN);
    expect(await keys(blobs)).toEqual(before);
  });
});

describe("the record of a run", () => {
  test("is read as it was written, last", async () => {
    const { storage } = setUp();
    expect(await storage.readRun()).toBeNull();
    await storage.writeRun(RECORD);
    const last: RunRecord = {
      ...RECORD,
      status: "finished",
      startedFrom: "/s/savepoint-3",
      since: 4,
    };
    await storage.writeRun(last);
    expect(await storage.readRunOf("flights")).toEqual(last);
  });

  test("refuses the directory of another job", async () => {
    const { storage } = setUp();
    await storage.writeRun(RECORD);
    const error = (await storage.readRunOf("orders").catch((e: unknown) => e)) as RestoreError;
    expect(error.describe()).toBe(
      "job orders: checkpoint directory ckpt belongs to job flights; choose another --checkpoint-dir",
    );
  });

  const bad: readonly (readonly [string, string, string])[] = [
    ["no JSON", "{", "DATA_RUN_RECORD"],
    ["no object", "7", "DATA_RUN_RECORD"],
    ["a field missing", '{"format":1,"job":"a"}', "DATA_RUN_RECORD"],
    [
      "an unknown status",
      '{"format":1,"job":"a","runId":"b","planHash":"c","status":"odd"}',
      "DATA_RUN_RECORD",
    ],
    ["a newer format", '{"format":2}', "DATA_RUN_RECORD_FORMAT"],
    ["no UTF-8", "\u00ff\u00ff", "DATA_RUN_RECORD"],
  ];
  test.each(bad)("refuses a file with %s, by its path", async (_name, text, code) => {
    const { blobs, storage } = setUp();
    await blobs.put(
      "run.json",
      Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
    );
    const error = (await storage.readRun().catch((e: unknown) => e)) as RestoreError;
    expect(error.code).toBe(code);
    expect(error.message).toContain("ckpt/run.json");
  });
});
