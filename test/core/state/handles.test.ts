import { describe, expect, test } from "vitest";
import { MillraceError } from "../../../core/errors.ts";
import type { KeyedStateBackend } from "../../../core/state/index.ts";
import {
  StateScope,
  aggregatingState,
  listState,
  mapState,
  reducingState,
  valueState,
} from "../../../core/state/index.ts";
import { testBackend } from "./harness.ts";

/** The code of the error that `action` throws. */
function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof MillraceError) return error.code;
    throw error;
  }
  return "no error";
}

function atKey(key: string | number = "k", strict = false): KeyedStateBackend {
  const backend = testBackend({ strict });
  backend.setCurrentKey(key);
  return backend;
}

const mean = aggregatingState<number, { sum: number; n: number }, number>("mean", {
  createAccumulator: () => ({ sum: 0, n: 0 }),
  add: (value, acc) => {
    acc.sum += value;
    acc.n += 1;
    return acc;
  },
  getResult: (acc) => acc.sum / acc.n,
});

describe.each([false, true])("state with strict = %s", (strict) => {
  test("a value is null until it is set, after clear, and after an update to null", () => {
    const state = atKey("k", strict).valueState<number>(valueState("v"));
    expect(state.value()).toBeNull();
    state.update(0);
    expect(state.value()).toBe(0);
    state.update(null);
    expect(state.value()).toBeNull();
    state.update(1);
    state.clear();
    expect(state.value()).toBeNull();
  });

  test("a list appends, replaces, and is cleared by an empty list", () => {
    const state = atKey("k", strict).listState<number>(listState("l"));
    expect(state.get()).toEqual([]);
    state.add(1);
    state.addAll([2, 3]);
    expect(state.get()).toEqual([1, 2, 3]);
    state.update([4]);
    expect(state.get()).toEqual([4]);
    state.update([]);
    expect(state.get()).toEqual([]);
  });

  test("a list does not take over the array it is updated with", () => {
    const state = atKey("k", strict).listState<number>(listState("l"));
    const mine = [1];
    state.update(mine);
    state.add(2);
    mine.push(3);
    expect(state.get()).toEqual([1, 2]);
  });

  test("a map's keys compare by value, and its values may be null", () => {
    const state = atKey("k", strict).mapState<readonly [string, Date] | string, number | null>(
      mapState("m"),
    );
    expect(state.isEmpty()).toBe(true);
    state.put(["a", new Date(1)], 1);
    state.putAll([["b", null]]);
    expect(state.get(["a", new Date(1)])).toBe(1);
    expect(state.get("b")).toBeNull();
    expect(state.contains("b")).toBe(true);
    expect(state.contains("c")).toBe(false);
    expect([...state.keys()]).toEqual([["a", new Date(1)], "b"]);
    expect([...state.values()]).toEqual([1, null]);
    expect([...state.entries()]).toEqual([
      [["a", new Date(1)], 1],
      ["b", null],
    ]);
    state.remove("b");
    state.remove("never there");
    state.remove(["a", new Date(1)]);
    expect(state.isEmpty()).toBe(true);
    state.put("z", 1);
    state.clear();
    expect(state.get("z")).toBeNull();
  });

  test("reducing and aggregating state are null while empty", () => {
    const backend = atKey("k", strict);
    const sum = backend.reducingState<number>(reducingState("sum", (a, b) => a + b));
    const average = backend.aggregatingState(mean);
    expect(sum.get()).toBeNull();
    expect(average.get()).toBeNull();
    for (const value of [1, 2, 6]) {
      sum.add(value);
      average.add(value);
    }
    expect(sum.get()).toBe(9);
    expect(average.get()).toBe(3);
    sum.clear();
    average.clear();
    expect(sum.get()).toBeNull();
    expect(average.get()).toBeNull();
  });

  test("belongs to the current key, compared by value", () => {
    const backend = testBackend({ strict });
    const state = backend.valueState<string>(valueState("v"));
    const keys = ["1", 1, 1n, true, ["1"], ["1", 1], new Date(1), 0.5, Number.NaN, -1, 2 ** 40];
    for (const key of keys) {
      backend.setCurrentKey(key);
      expect(state.value()).toBeNull();
      state.update(String(key));
    }
    expect(backend.keyed.size).toBe(keys.length);
    for (const key of keys) {
      backend.setCurrentKey(Array.isArray(key) ? [...key] : key);
      expect(state.value()).toBe(String(key));
      expect(backend.currentKey()).toEqual(key);
      backend.setCurrentIdentity(backend.currentIdentity());
      expect(backend.currentKey()).toEqual(key);
    }
    backend.setCurrentKey(-0);
    state.update("zero");
    backend.setCurrentKey(0);
    expect(state.value()).toBe("zero");
  });

  test("of one descriptor is separate per namespace, by scope", () => {
    const backend = atKey("k", strict);
    const scope = new StateScope(backend.keyed);
    const descriptor = valueState<number>("v");
    const global = backend.valueState(descriptor);
    const ofWindow = backend.valueState(descriptor, scope);
    scope.enter(backend.namespace("w1"), "k");
    global.update(1);
    ofWindow.update(2);
    scope.enter(backend.namespace("w2"), "k");
    expect(ofWindow.value()).toBeNull();
    scope.enter(backend.namespace("w1"), "k");
    expect(ofWindow.value()).toBe(2);
    expect(global.value()).toBe(1);
    expect([...backend.namespaces()]).toEqual(["w1", "w2"]);
    backend.dropNamespace("w1");
    expect(backend.findNamespace("w1")).toBeNull();
    scope.enter(backend.namespace("w1"), "k");
    expect(ofWindow.value()).toBeNull();
  });
});

describe("an error says what is wrong with the use of state", () => {
  const backend = atKey();
  const value = backend.valueState<unknown>(valueState("v"));
  const list = backend.listState<unknown>(listState("l"));
  const map = backend.mapState<unknown, unknown>(mapState("m"));
  const sum = backend.reducingState(reducingState<unknown>("r", () => undefined));
  const first = valueState("twice");
  backend.column(first);

  test.each([
    ["an undefined value", "STATE_UNDEFINED", () => value.update(undefined)],
    ["null in a list", "STATE_UNDEFINED", () => list.add(null)],
    ["null among new elements", "STATE_UNDEFINED", () => list.update([1, null])],
    ["an undefined map value", "STATE_UNDEFINED", () => map.put("a", undefined)],
    ["null as a map key", "KEY_UNSUPPORTED", () => map.put(null, 1)],
    ["an object as a map key", "KEY_UNSUPPORTED", () => map.get({})],
    ["null to reduce", "STATE_UNDEFINED", () => sum.add(null)],
    ["a reduce function that returns nothing", "STATE_UNDEFINED", () => [sum.add(1), sum.add(2)]],
    [
      "a second state with a name",
      "STATE_DUPLICATE_NAME",
      () => backend.column(valueState("twice")),
    ],
    ["the same state again", "no error", () => backend.column(first)],
    ["a name with a space", "STATE_NAME", () => backend.column(valueState("a b"))],
    ["an empty name", "STATE_NAME", () => backend.column(valueState(""))],
    ["a name of hidden columns", "STATE_NAME", () => backend.column(valueState(":timers"))],
    ["version 0", "STATE_VERSION", () => backend.column(valueState("x", { version: 0 }))],
    ["a ttl of nothing", "STATE_TTL", () => backend.column(valueState("y", { ttl: {} }))],
    ["a null key", "KEY_UNSUPPORTED", () => testBackend().setCurrentKey(null as never)],
    ["no current key", "STATE_NO_KEY", () => testBackend().valueState(valueState("v")).value()],
    [
      "no current key for a write",
      "STATE_NO_KEY",
      () => testBackend().valueState(valueState("v")).update(1),
    ],
    ["the key before there is one", "STATE_NO_KEY", () => testBackend().currentKey()],
  ])("%s: %s", (_name, code, action) => {
    expect(codeOf(action)).toBe(code);
  });

  test("a key that was taken away", () => {
    const cleared = atKey();
    const state = cleared.valueState(valueState("v"));
    cleared.clearCurrentKey();
    expect(codeOf(() => state.value())).toBe("STATE_NO_KEY");
    cleared.setCurrentKey("k");
    expect(state.value()).toBeNull();
  });

  test("a write through a scope of a dropped namespace", () => {
    const dropping = atKey();
    const scope = new StateScope(dropping.keyed);
    const state = dropping.valueState<number>(valueState("v"), scope);
    scope.enter(dropping.namespace("w"), "k");
    state.update(1);
    dropping.dropNamespace("w");
    expect(() => state.update(2)).toThrow("dropped namespace");
  });
});

describe("strict mode", () => {
  test("freezes what it hands out and keeps its own copy of what it is given", () => {
    const backend = atKey("k", true);
    const value = backend.valueState<{ n: number[] }>(valueState("v"));
    const list = backend.listState<{ n: number }>(listState("l"));
    const map = backend.mapState<string, { n: number }>(mapState("m"));
    const mine = { n: [1] };
    value.update(mine);
    mine.n.push(2);
    expect(value.value()).toEqual({ n: [1] });
    expect(() => value.value()?.n.push(3)).toThrow(TypeError);
    list.add({ n: 1 });
    expect(Object.isFrozen(list.get())).toBe(true);
    expect(Object.isFrozen(list.get()[0])).toBe(true);
    list.add({ n: 2 });
    expect(list.get().length).toBe(2);
    map.put("a", { n: 1 });
    expect(Object.isFrozen(map.get("a"))).toBe(true);
    expect([...map.values()].every((each) => Object.isFrozen(each))).toBe(true);
  });

  test("refuses on write what a snapshot could not hold", () => {
    class Order {
      readonly id = 1;
    }
    const backend = atKey("k", true);
    expect(() => backend.valueState<Order>(valueState("v")).update(new Order())).toThrow("Order");
    expect(() => backend.listState<Order>(listState("l")).add(new Order())).toThrow("Order");
  });
});

test("keys that come and go take no room, also when no snapshot is ever taken", () => {
  const backend = testBackend();
  const state = backend.valueState<number>(valueState("v"));
  for (let key = 0; key < 20_000; key++) {
    backend.setCurrentKey(key);
    state.update(key);
    state.clear();
  }
  expect(backend.keyed.slotsEnd).toBeLessThan(2_000);
});
