import { describe, expect, test } from "vitest";
import type { KeyedStateBackend, TtlConfig } from "../../../core/state/index.ts";
import {
  aggregatingState,
  listState,
  mapState,
  reducingState,
  valueState,
} from "../../../core/state/index.ts";
import { TestClock, testBackend } from "./harness.ts";

/** Each kind of state as one cell that can be written, read and forgotten. */
interface Probe {
  write(): void;
  /** Whether a value is there; reading counts as access. */
  read(): boolean;
}

const KINDS: Record<string, (backend: KeyedStateBackend, ttl: TtlConfig) => Probe> = {
  value: (backend, ttl) => {
    const state = backend.valueState<number>(valueState("s", { ttl }));
    return { write: () => state.update(1), read: () => state.value() !== null };
  },
  list: (backend, ttl) => {
    const state = backend.listState<number>(listState("s", { ttl }));
    return { write: () => state.update([1]), read: () => state.get().length > 0 };
  },
  "map by key": (backend, ttl) => {
    const state = backend.mapState<string, number>(mapState("s", { ttl }));
    return { write: () => state.put("a", 1), read: () => state.get("a") !== null };
  },
  "map by contains": (backend, ttl) => {
    const state = backend.mapState<string, number>(mapState("s", { ttl }));
    return { write: () => state.put("a", 1), read: () => state.contains("a") };
  },
  "map by entries": (backend, ttl) => {
    const state = backend.mapState<string, number>(mapState("s", { ttl }));
    return { write: () => state.put("a", 1), read: () => [...state.entries()].length > 0 };
  },
  reducing: (backend, ttl) => {
    const state = backend.reducingState<number>(reducingState("s", (a, b) => a + b, { ttl }));
    return { write: () => state.add(1), read: () => state.get() !== null };
  },
  aggregating: (backend, ttl) => {
    const sum = {
      createAccumulator: () => 0,
      add: (value: number, acc: number) => acc + value,
      getResult: (acc: number) => acc,
    };
    const state = backend.aggregatingState(aggregatingState("s", sum, { ttl }));
    return { write: () => state.add(1), read: () => state.get() !== null };
  },
};

function probe(
  kind: string,
  ttl: TtlConfig,
  strict = false,
): { clock: TestClock; backend: KeyedStateBackend; state: Probe } {
  const clock = new TestClock();
  const backend = testBackend({ clock, strict });
  backend.setCurrentKey("k");
  const make = KINDS[kind];
  if (make === undefined) throw new Error(kind);
  return { clock, backend, state: make(backend, ttl) };
}

describe.each(Object.keys(KINDS))("%s state with a time to live", (kind) => {
  test.each([false, true])("expires when last access + ttl is reached, strict = %s", (strict) => {
    const { clock, backend, state } = probe(kind, { milliseconds: 10 }, strict);
    state.write();
    clock.time = 9;
    expect(state.read()).toBe(true);
    clock.time = 10;
    expect(state.read()).toBe(false);
    expect(backend.keyed.size).toBe(0);
  });

  test("is not kept alive by reading, unless reading counts", () => {
    for (const [update, alive] of [
      ["write", false],
      ["readAndWrite", true],
    ] as const) {
      const { clock, state } = probe(kind, { milliseconds: 10, update });
      state.write();
      clock.time = 6;
      state.read();
      clock.time = 12;
      expect(state.read()).toBe(alive);
    }
  });

  test("is kept alive by writing", () => {
    const { clock, state } = probe(kind, { milliseconds: 10 });
    state.write();
    clock.time = 6;
    state.write();
    clock.time = 12;
    expect(state.read()).toBe(true);
  });

  test("may be returned once after it expired", () => {
    const { clock, state } = probe(kind, { milliseconds: 10, returnExpired: true });
    state.write();
    clock.time = 10;
    expect(state.read()).toBe(true);
    expect(state.read()).toBe(false);
  });

  test("is dropped from snapshots when expired, and ages on while the job is down", () => {
    const ttl = { milliseconds: 10 };
    const { clock, backend, state } = probe(kind, ttl);
    state.write();
    clock.time = 5;
    const files = [backend.snapshotFull()];
    const restored = (at: number): { backend: KeyedStateBackend; state: Probe } => {
      const later = probe(kind, ttl);
      later.clock.time = at;
      later.backend.restore(files);
      later.backend.setCurrentKey("k");
      return later;
    };
    expect(restored(9).state.read()).toBe(true);
    expect(restored(10).state.read()).toBe(false);
    const expired = restored(10).backend;
    expired.snapshotFull();
    expect(expired.keyed.size).toBe(0);
  });

  test("may be added to state that had none, and left out of state that had one", () => {
    const none = probe(kind, { days: 1 });
    none.state.write();
    const plain = testBackend();
    plain.setCurrentKey("k");
    const state = KINDS[kind]?.(plain, undefined as never);
    plain.restore([none.backend.snapshotFull()]);
    expect(state?.read()).toBe(true);
    const again = probe(kind, { milliseconds: 10 });
    again.clock.time = 100;
    again.backend.restore([plain.snapshotFull()]);
    expect(again.state.read()).toBe(true);
    again.clock.time = 109;
    expect(again.state.read()).toBe(true);
    again.clock.time = 110;
    expect(again.state.read()).toBe(false);
  });
});

describe("a time to live", () => {
  test("is one per element of a list", () => {
    const clock = new TestClock();
    const backend = testBackend({ clock });
    backend.setCurrentKey("k");
    const list = backend.listState<number>(listState("l", { ttl: { milliseconds: 10 } }));
    for (const at of [0, 4, 8]) {
      clock.time = at;
      list.add(at);
    }
    clock.time = 12;
    expect(list.get()).toEqual([4, 8]);
    clock.time = 14;
    const restored = testBackend({ clock });
    const other = restored.listState<number>(listState("l", { ttl: { milliseconds: 10 } }));
    restored.restore([backend.snapshotFull()]);
    restored.setCurrentKey("k");
    expect(other.get()).toEqual([8]);
  });

  test("is one per entry of a map", () => {
    const clock = new TestClock();
    const backend = testBackend({ clock });
    backend.setCurrentKey("k");
    const map = backend.mapState<string, number>(mapState("m", { ttl: { milliseconds: 10 } }));
    map.put("a", 1);
    clock.time = 5;
    map.put("b", 2);
    expect(map.isEmpty()).toBe(false);
    clock.time = 10;
    expect([...map.keys()]).toEqual(["b"]);
    clock.time = 15;
    expect(map.isEmpty()).toBe(true);
    map.put("c", 3);
    map.remove("b");
    map.remove("c");
    expect(backend.keyed.size).toBe(0);
  });

  test("marks what it drops as changed, so that segments carry the drop on", () => {
    const clock = new TestClock();
    const backend = testBackend({ clock });
    backend.setCurrentKey("k");
    const ttl = { milliseconds: 10 };
    const value = backend.valueState<number>(valueState("v", { ttl }));
    value.update(1);
    const base = backend.snapshotFull();
    clock.time = 10;
    value.value();
    const segment = backend.snapshotDelta();
    if (segment === null) throw new Error("the drop is a change");
    const restored = testBackend();
    restored.restore([base, segment]);
    expect(restored.keyed.size).toBe(0);
  });
});
