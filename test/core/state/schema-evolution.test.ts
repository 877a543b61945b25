import { describe, expect, test } from "vitest";
import { RestoreError } from "../../../core/errors.ts";
import type { StateDescriptor } from "../../../core/state/index.ts";
import {
  KeyedStateBackend,
  aggregatingState,
  listState,
  mapState,
  reducingState,
  valueState,
} from "../../../core/state/index.ts";
import { testBackend } from "./harness.ts";

interface Name {
  readonly first: string;
}

/** `text` in version 1, `{ first }` in version 2, an upper-case `{ first }` in version 3. */
const migrate = {
  1: (text: string): Name => ({ first: text }),
  2: ({ first }: Name): Name => ({ first: first.toUpperCase() }),
};

function filesOfVersion1(): Uint8Array[] {
  const backend = testBackend();
  const value = backend.valueState<string>(valueState("value"));
  const list = backend.listState<string>(listState("list"));
  const map = backend.mapState<string, string>(mapState("map"));
  backend.setCurrentKey("k");
  value.update("ada");
  list.addAll(["bob", "cleo"]);
  map.put("a", "dora");
  const base = backend.snapshotFull();
  backend.setCurrentKey("l");
  value.update("eve");
  return [base, backend.snapshotDelta() ?? base];
}

/** Descriptors are declared before the restore, or claim what it brought. */
describe.each(["before", "after"])("state that is declared %s its restore", (order) => {
  function restored(
    descriptors: readonly StateDescriptor[],
    files: readonly Uint8Array[] = filesOfVersion1(),
  ): KeyedStateBackend {
    const backend = testBackend();
    if (order === "before") for (const descriptor of descriptors) backend.column(descriptor);
    backend.restore(files);
    if (order === "after") for (const descriptor of descriptors) backend.column(descriptor);
    backend.setCurrentKey("k");
    return backend;
  }

  test("goes through every migration in turn, lists and maps by element", () => {
    const value = valueState<Name>("value", { version: 3, migrate });
    const list = listState<Name>("list", { version: 2, migrate });
    const map = mapState<string, Name>("map", { version: 3, migrate });
    const backend = restored([value, list, map]);
    expect(backend.valueState(value).value()).toEqual({ first: "ADA" });
    expect(backend.listState(list).get()).toEqual([{ first: "bob" }, { first: "cleo" }]);
    expect(backend.mapState(map).get("a")).toEqual({ first: "DORA" });
    backend.setCurrentKey("l");
    expect(backend.valueState(value).value()).toEqual({ first: "EVE" });
  });

  test("is written in the new version by the next segment, on top of the old base", () => {
    const value = valueState<Name>("value", { version: 3, migrate });
    const old = filesOfVersion1();
    const segment = restored([value], old).snapshotDelta();
    if (segment === null) throw new Error("migration is a change");
    const again = restored([value], [...old, segment]);
    expect(again.valueState(value).value()).toEqual({ first: "ADA" });
    // Nothing old is left in the segment, so nothing is migrated twice.
    expect(again.listState<string>(listState("list")).get()).toEqual(["bob", "cleo"]);
  });

  test.each([
    ["no migration", { version: 2 }, "version 1, declared with version 2"],
    [
      "a gap in the chain",
      { version: 3, migrate: { 2: migrate[2] } },
      "version 1, declared with version 3",
    ],
  ])("is refused with %s, by name and versions", (_name, options, message) => {
    const action = (): unknown => restored([valueState("value", options)]);
    expect(action).toThrow(RestoreError);
    expect(action).toThrow(`state value: stored with schema ${message}`);
  });

  test("is refused when it is newer than what is declared", () => {
    const backend = restored([valueState("value", { version: 3, migrate })]);
    const action = (): unknown => restored([valueState("value")], [backend.snapshotFull()]);
    expect(action).toThrow("state value: stored with schema version 3, declared with version 1");
  });

  test.each<readonly [string, StateDescriptor]>([
    ["list", listState("value")],
    ["map", mapState("value")],
    ["reducing", reducingState<number>("value", (a, b) => a + b)],
    [
      "aggregating",
      aggregatingState<number, number, number>("value", {
        createAccumulator: () => 0,
        add: (value, acc) => value + acc,
        getResult: (acc) => acc,
      }),
    ],
  ])("is refused as %s state when it was stored as value state", (kind, descriptor) => {
    const action = (): unknown => restored([descriptor]);
    expect(action).toThrow(RestoreError);
    expect(action).toThrow(`state value: stored as value state, declared as ${kind}`);
  });

  test("names what nobody declared, keeps it in snapshots, and gives it up on demand", () => {
    const list = listState<string>("list");
    const old = filesOfVersion1();
    const backend = restored([list], old);
    expect(backend.unclaimedStates()).toEqual(["value", "map"]);
    const kept = restored([list], [backend.snapshotFull()]);
    expect(kept.valueState<string>(valueState("value")).value()).toBe("ada");
    expect(kept.unclaimedStates()).toEqual(["map"]);

    backend.discardUnclaimedStates();
    expect(backend.unclaimedStates()).toEqual([]);
    const segment = backend.snapshotDelta();
    if (segment === null) throw new Error("what was given up is a change");
    const later = restored([list], [...old, segment]);
    expect(later.unclaimedStates()).toEqual([]);
    expect(later.listState(list).get()).toEqual(["bob", "cleo"]);
    expect(later.valueState<string>(valueState("value")).value()).toBeNull();
  });

  test("is refused at another max parallelism", () => {
    const backend = new KeyedStateBackend({
      maxParallelism: 256,
      firstKeyGroup: 0,
      lastKeyGroup: 255,
      clock: { now: () => 0 },
      strict: false,
    });
    expect(() => backend.restore(filesOfVersion1())).toThrow("max parallelism 128");
  });
});
