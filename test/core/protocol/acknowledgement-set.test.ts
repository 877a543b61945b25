import { describe, expect, test } from "vitest";
import {
  ACKNOWLEDGEMENT_SECTION,
  acknowledgementSet,
  encodeAcknowledgement,
  entryOf,
  memberOf,
  subtasksIn,
} from "../../../core/protocol/acknowledgement-set.ts";
import { COORDINATOR, parseAddress, partitionOf } from "../../../core/protocol/address.ts";
import { Housekeeping } from "../../../core/protocol/housekeeping.ts";
import { type EntryBody, encodeEntry } from "../../../core/protocol/ledger-entry.ts";
import { encodeChanges } from "../../../core/protocol/sections.ts";
import { crc32c } from "../../../core/record/index.ts";
import { NO_OPERATOR_STATE } from "../checkpoint/sample-metadata.ts";
import {
  CoordinatorBench,
  type Given,
  TASKS,
  command,
  decline,
  start,
  wake,
} from "./coordinator-bench.ts";

const toSources = "-> numbers/0 numbers/1";
const toListeners = "-> numbers/0 numbers/1 out/0";
const CUT_VERSION = 7;

const checkpoint = (id: string): Given => command(id, { kind: "checkpoint" });
const acknowledged = (of: number): Given => ({ kind: "acknowledged", checkpoint: of });

interface Cut {
  readonly checkpoint: number;
  readonly version?: number;
  /** The entry's changes lie in an object. */
  readonly elsewhere?: boolean;
}

function partition(bench: CoordinatorBench, name: string): string {
  return partitionOf(bench.topology.job, 1, parseAddress(name));
}

/** A task's entry with its cut, as `TaskUnit` makes it. */
async function commitCut(bench: CoordinatorBench, name: string, cut: Cut): Promise<void> {
  const { checkpoint: of, version = CUT_VERSION, elsewhere = false } = cut;
  const { vertex } = parseAddress(name);
  const state = { keyedFiles: [], operatorState: NO_OPERATOR_STATE };
  const bytes = encodeAcknowledgement([[vertex, state]]);
  const delta = encodeChanges([{ name: ACKNOWLEDGEMENT_SECTION, mode: "replace", bytes }]);
  const key = `${name}.commit`;
  if (elsewhere) await bench.blobs.put(key, delta);
  const body: EntryBody = elsewhere
    ? {
        kind: "ref",
        key,
        deltaBytes: delta.length,
        deltaChecksum: crc32c(delta, 0, delta.length),
        outboxBytes: 0,
        outboxChecksum: 0,
      }
    : { kind: "inline", delta, outbox: new Uint8Array(0) };
  const entry = encodeEntry({
    kind: "turn",
    commitId: "c",
    committedAtMs: 0,
    codeHash: "code",
    planHash: "",
    base: version,
    hands: [],
    consumed: [],
    files: [],
    cut: of,
    next: 0,
    body,
  });
  await bench.ledgers.append(partition(bench, name), version, entry);
  const place = bench.topology.peers(COORDINATOR).index.get(name) ?? -1;
  await bench.sets.add(setOf(bench, of), memberOf({ place, version }));
}

function setOf(bench: CoordinatorBench, of: number): string {
  return acknowledgementSet(bench.topology.job, 1, of);
}

async function commitCuts(bench: CoordinatorBench, cut: Cut, names = TASKS): Promise<void> {
  for (const name of names) await commitCut(bench, name, cut);
}

const dropped = (bench: CoordinatorBench): readonly number[] =>
  (bench.result?.effects ?? []).flatMap((effect) =>
    effect.kind === "drop-acknowledgements" ? effect.checkpoints : [],
  );

describe("a member of an acknowledgement set", () => {
  test.each([
    { place: 1, version: 1 },
    { place: 3, version: 4_294_967_295 },
    { place: 2_097_151, version: 4_294_967_295 },
  ])("is $place and $version in one safe integer", (entry) => {
    const member = memberOf(entry);
    expect(Number.isSafeInteger(member)).toBe(true);
    expect(entryOf(member)).toEqual(entry);
  });

  test.each([
    { place: 0, version: 1 },
    { place: 2_097_152, version: 1 },
    { place: 1, version: 0 },
    { place: 1, version: 4_294_967_296 },
  ])("cannot be place $place and version $version", (entry) => {
    expect(() => memberOf(entry)).toThrow("AS1");
  });

  test("counts for its subtask, once", () => {
    const members = [
      { place: 1, version: 1 },
      { place: 1, version: 2 },
      { place: 2, version: 1 },
    ].map(memberOf);
    expect(subtasksIn(members)).toBe(2);
  });
});

describe.each([
  { name: "warm", cold: false },
  { name: "cold", cold: true },
])("a $name coordinator whose tasks acknowledge in sets", ({ cold }) => {
  const triggered = async (id = "a"): Promise<CoordinatorBench> => {
    const bench = new CoordinatorBench({ cold, usesSets: true });
    await bench.turn(0, [start, checkpoint(id)]);
    return bench;
  };

  test.each([
    { name: "in its items", elsewhere: false },
    { name: "in objects", elsewhere: true },
  ])("completes a checkpoint with what the entries hold $name", async ({ elsewhere }) => {
    const bench = await triggered();
    await commitCuts(bench, { checkpoint: 1, elsewhere });
    expect(await bench.turn(10, [acknowledged(1)])).toEqual([
      `notify 1 ${toListeners}`,
      "drop-acknowledgements",
      "wake never",
    ]);
    expect(dropped(bench)).toEqual([1]);
    expect(bench.request("a")).toMatchObject({ state: "done" });
    const [cut] = bench.state.housekeeping.cuts;
    expect(cut?.versions.slice(1)).toEqual(TASKS.map(() => CUT_VERSION));
  });

  test("does nothing for a message that comes again, alone or in one turn", async () => {
    const bench = await triggered();
    await commitCuts(bench, { checkpoint: 1 });
    await bench.turn(10, [acknowledged(1), acknowledged(1)]);
    expect(bench.inbox).toMatchObject({ done: 2, tookAny: true });
    await bench.sets.drop(setOf(bench, 1));
    expect(await bench.turn(20, [acknowledged(1)])).toEqual([]);
    expect(bench.inbox).toMatchObject({ done: 1, tookAny: false, witness: false });
    expect(bench.result?.changes).toEqual([]);
  });

  test("goes on behind messages without effect when its time is spent, up to one that has some", async () => {
    const bench = new CoordinatorBench({ cold, usesSets: true, spent: true });
    await bench.turn(0, [start]);
    await bench.turn(0, [checkpoint("a")]);
    await bench.turn(10, [decline("work/0", 1)]);
    await bench.turn(20, [acknowledged(1), acknowledged(1), acknowledged(1)]);
    expect(bench.inbox).toMatchObject({ done: 3, witness: false });
    await bench.turn(30, [acknowledged(1), decline("work/0", 1), decline("out/0", 1)]);
    expect(bench.inbox).toMatchObject({ done: 2, witness: true });
  });

  test("gives the checkpoint up when its set is not full, and takes the next one", async () => {
    const bench = await triggered();
    await commitCuts(bench, { checkpoint: 1 }, TASKS.slice(1) as never);
    expect(await bench.turn(10, [acknowledged(1)])).toEqual(["wake 100"]);
    expect(bench.inbox).toMatchObject({ tookAny: true });
    expect(bench.request("a")).toMatchObject({ state: "failed" });
    await bench.turn(100, [wake]);
    await commitCuts(bench, { checkpoint: 2, version: 9 });
    await bench.turn(110, [acknowledged(2)]);
    expect(dropped(bench)).toEqual([1, 2]);
    expect(bench.state.completed.latest?.checkpoint).toBe(2);
  });

  test("gives the checkpoint up when an entry is gone", async () => {
    const bench = await triggered();
    await commitCuts(bench, { checkpoint: 1 });
    await bench.ledgers.trim(partition(bench, "work/0"), [CUT_VERSION]);
    await bench.turn(10, [acknowledged(1)]);
    expect(bench.request("a")).toMatchObject({
      state: "failed",
      reason: "io-exception: acknowledgements in its set are gone",
    });
  });

  test("remembers the sets of checkpoints that were given up until one completes", async () => {
    const bench = await triggered();
    await bench.turn(10, [decline("work/0", 1)]);
    expect(await bench.turn(100, [wake])).toEqual([`trigger 2 ${toSources}`, "wake 1100"]);
    await bench.turn(110, [decline("work/0", 2)]);
    expect(dropped(bench)).toEqual([]);
    expect(bench.state.housekeeping.sets).toEqual([[1, 2]]);
    await bench.turn(200, [wake]);
    await commitCuts(bench, { checkpoint: 3 });
    await bench.turn(210, [acknowledged(3)]);
    expect(dropped(bench)).toEqual([1, 2, 3]);
    expect(bench.state.housekeeping.sets).toEqual([]);
  });

  test("drops a bounded number of sets at a time", () => {
    const options = { keptMs: 0, peers: 2, usesSets: true };
    const housekeeping = new Housekeeping(options, Housekeeping.initial(null));
    for (let aborted = 1; aborted <= 100; aborted += 1) housekeeping.aborted(aborted);
    const [first] = housekeeping.dropSets(101);
    expect(first).toMatchObject({ kind: "drop-acknowledgements" });
    expect(housekeeping.capture().sets).toEqual([[65, 100]]);
    housekeeping.dropSets(102);
    expect(housekeeping.capture().sets).toEqual([]);
  });

  test("finds an entry that does not cut the checkpoint to be a defect", async () => {
    const bench = await triggered();
    await commitCuts(bench, { checkpoint: 1 });
    const set = setOf(bench, 1);
    await bench.sets.drop(set);
    await commitCuts(bench, { checkpoint: 2, version: 8 });
    for (const member of await bench.sets.members(setOf(bench, 2)))
      await bench.sets.add(set, member);
    await expect(bench.turn(10, [acknowledged(1)])).rejects.toThrow("AS1");
  });

  test("asks for another try when a read fails", async () => {
    const bench = await triggered();
    await commitCuts(bench, { checkpoint: 1 });
    const { read } = bench.ledgers;
    bench.ledgers.read = () => Promise.reject(new Error("slow down"));
    await expect(bench.turn(10, [acknowledged(1)])).rejects.toMatchObject({
      code: "STORAGE_ACKNOWLEDGEMENTS",
      retryable: true,
    });
    bench.ledgers.read = read;
    bench.crash();
    expect(await bench.turn(20, [acknowledged(1)])).toContain(`notify 1 ${toListeners}`);
  });
});

test("the set of a checkpoint is named by job and generation", () => {
  expect(acknowledgementSet("job", 3, 12)).toBe("job/3/acks/12");
});
