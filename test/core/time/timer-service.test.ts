import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyedStateBackend } from "../../../core/state/index.ts";
import { EVENT_TIME, StateScope, valueState } from "../../../core/state/index.ts";
import type { Budget } from "../../../core/time/index.ts";
import { TimerService } from "../../../core/time/index.ts";
import { TimerQueue } from "../../../core/time/timer-queue.ts";
import { MAX_WATERMARK, MIN_WATERMARK } from "../../../core/timestamp.ts";
import { TestClock, testBackend } from "../state/harness.ts";

const UNLIMITED: Budget = { exhausted: () => false };
const SPENT: Budget = { exhausted: () => true };

type Domain = "event" | "processing";

interface Fired {
  readonly domain: Domain;
  readonly namespace: string | number | null;
  /** Null: the timer of a whole namespace. */
  readonly key: unknown;
  readonly time: number;
}

/** A service that notes what fires; `onFire` may do more. */
class Timers {
  readonly state: KeyedStateBackend;
  readonly clock = new TestClock();
  readonly service: TimerService;
  readonly fired: Fired[] = [];
  onFire: ((time: number, scope: StateScope | null) => void) | null = null;

  constructor(state: KeyedStateBackend = testBackend()) {
    this.state = state;
    this.service = new TimerService(state, this.clock, {
      onEventTime: (time, scope) => this.#note("event", time, scope),
      onProcessingTime: (time, scope) => this.#note("processing", time, scope),
      onNamespaceEventTime: (time, namespace) => this.#noteAll("event", time, namespace),
      onNamespaceProcessingTime: (time, namespace) => this.#noteAll("processing", time, namespace),
    });
  }

  at(key: string | number, namespace: string | number | null = null): StateScope {
    this.state.setCurrentKey(key);
    if (namespace === null) return this.state.scope;
    const scope = new StateScope(this.state.keyed);
    scope.enter(this.state.namespace(namespace), key);
    return scope;
  }

  times(): number[] {
    return this.fired.map(({ time }) => time);
  }

  #note(domain: Domain, time: number, scope: StateScope): void {
    expect(this.state.currentIdentity()).toBe(scope.identity);
    expect(this.state.scope.find()).toBe(this.state.keyed.find(scope.identity));
    const key = this.state.currentKey();
    this.fired.push({ domain, namespace: scope.table.namespace, key, time });
    this.onFire?.(time, scope);
  }

  #noteAll(domain: Domain, time: number, namespace: string | number): void {
    this.fired.push({ domain, namespace, key: null, time });
    this.onFire?.(time, null);
  }
}

describe("a timer service", () => {
  test("fires in time order, each under its own key, up to and including the watermark", () => {
    const timers = new Timers();
    timers.service.registerEventTime(timers.at("b"), 20);
    timers.service.registerEventTime(timers.at("a"), 10);
    timers.service.registerEventTime(timers.at("a"), 30);
    timers.service.registerEventTime(timers.at("c", "w1"), 15);
    timers.service.registerNamespaceEventTime("w1", 20);
    expect(timers.service.advanceEventTime(20, UNLIMITED)).toBe(true);
    expect(timers.fired).toEqual([
      { domain: "event", namespace: null, key: "a", time: 10 },
      { domain: "event", namespace: "w1", key: "c", time: 15 },
      { domain: "event", namespace: "w1", key: null, time: 20 },
      { domain: "event", namespace: null, key: "b", time: 20 },
    ]);
  });

  test("fires timers of one time in the order of their registration", () => {
    const timers = new Timers();
    for (const key of ["c", "a", "b", "e", "d"]) {
      timers.service.registerEventTime(timers.at(key), 5);
    }
    for (const namespace of [3, "x", 1]) timers.service.registerNamespaceEventTime(namespace, 5);
    timers.service.advanceEventTime(5, UNLIMITED);
    expect(timers.fired.map(({ key, namespace }) => key ?? namespace)).toEqual([
      3,
      "x",
      1,
      "c",
      "a",
      "b",
      "e",
      "d",
    ]);
  });

  test("keeps the domains apart", () => {
    const timers = new Timers();
    timers.service.registerProcessingTime(timers.at("a"), 5);
    timers.service.registerNamespaceProcessingTime("w", 4);
    timers.service.registerEventTime(timers.at("a"), 5);
    expect(timers.service.nextProcessingTime()).toBe(4);
    timers.service.advanceEventTime(MAX_WATERMARK, UNLIMITED);
    expect(timers.fired.map(({ domain }) => domain)).toEqual(["event"]);
    timers.service.advanceProcessingTime(5, UNLIMITED);
    expect(timers.fired.slice(1)).toEqual([
      { domain: "processing", namespace: "w", key: null, time: 4 },
      { domain: "processing", namespace: null, key: "a", time: 5 },
    ]);
    expect(timers.service.nextProcessingTime()).toBeNull();
  });

  test("passes over deleted timers when it looks for the next one", () => {
    const timers = new Timers();
    timers.service.registerProcessingTime(timers.at("a"), 5);
    timers.service.registerProcessingTime(timers.at("a"), 9);
    timers.service.deleteProcessingTime(timers.at("a"), 5);
    timers.service.deleteProcessingTime(timers.at("never seen"), 5);
    expect(timers.service.nextProcessingTime()).toBe(9);
    timers.service.deleteProcessingTime(timers.at("a"), 9);
    expect(timers.service.nextProcessingTime()).toBeNull();
    expect(timers.state.keyed.size).toBe(0);
  });

  test("fires what firing registers in the same advance, unless it is later", () => {
    const timers = new Timers();
    timers.service.registerEventTime(timers.at("a"), 5);
    timers.onFire = (time, scope) => {
      if (scope === null || time >= 40) return;
      timers.service.registerEventTime(scope, time - 3);
      timers.onFire = (at, other) => {
        if (other !== null && at < 40) timers.service.registerEventTime(other, at + 20);
      };
    };
    timers.service.advanceEventTime(30, UNLIMITED);
    expect(timers.times()).toEqual([5, 2, 22]);
    timers.service.advanceEventTime(50, UNLIMITED);
    expect(timers.times()).toEqual([5, 2, 22, 42]);
  });

  test("has removed a timer when it fires, so that it may be registered again", () => {
    const timers = new Timers();
    timers.service.registerEventTime(timers.at("a"), 5);
    timers.service.registerNamespaceEventTime("w", 6);
    let again = 2;
    timers.onFire = (time, scope) => {
      if (again-- <= 0) return;
      if (scope === null) timers.service.registerNamespaceEventTime("w", time);
      else timers.service.registerEventTime(scope, time);
    };
    timers.service.advanceEventTime(10, UNLIMITED);
    expect(timers.times()).toEqual([5, 5, 5, 6]);
  });

  test("waits with a timer in the past for the next advance", () => {
    const timers = new Timers();
    timers.service.advanceEventTime(100, UNLIMITED);
    timers.service.registerEventTime(timers.at("a"), 5);
    expect(timers.fired).toEqual([]);
    timers.service.advanceEventTime(100, UNLIMITED);
    expect(timers.times()).toEqual([5]);
  });

  test("stops between two timers when the budget ends, after one at least, and goes on", () => {
    const timers = new Timers();
    for (const time of [1, 2, 3]) timers.service.registerEventTime(timers.at("a"), time);
    timers.service.registerNamespaceEventTime("w", 2);
    expect(timers.service.currentWatermark).toBe(MIN_WATERMARK);
    expect(timers.service.advanceEventTime(10, SPENT)).toBe(false);
    expect(timers.service.currentWatermark).toBe(10);
    expect(timers.times()).toEqual([1]);
    expect(timers.service.advanceEventTime(10, SPENT)).toBe(false);
    expect(timers.service.advanceEventTime(10, SPENT)).toBe(false);
    expect(timers.service.advanceEventTime(10, SPENT)).toBe(true);
    expect(timers.times()).toEqual([1, 2, 2, 3]);
    expect(timers.service.advanceEventTime(10, SPENT)).toBe(true);
  });

  test("does not fire for a namespace that was dropped or a key that was removed", () => {
    const timers = new Timers();
    timers.service.registerEventTime(timers.at("a", "w1"), 5);
    timers.service.registerEventTime(timers.at("a", "w2"), 6);
    timers.service.registerEventTime(timers.at("b"), 7);
    timers.state.dropNamespace("w1");
    timers.state.keyed.removeKey(timers.state.keyed.find("b"));
    timers.service.advanceEventTime(10, UNLIMITED);
    expect(timers.times()).toEqual([6]);
  });

  test("lets a firing timer write the state of its key", () => {
    const timers = new Timers();
    const count = timers.state.valueState<number>(valueState("count"));
    timers.service.registerEventTime(timers.at("a"), 1);
    timers.service.registerEventTime(timers.at("b", "w"), 2);
    timers.onFire = () => count.update((count.value() ?? 0) + 1);
    timers.service.advanceEventTime(9, UNLIMITED);
    for (const key of ["a", "b"]) {
      timers.state.setCurrentKey(key);
      expect(count.value()).toBe(1);
    }
  });

  test("keeps its index small when timers are registered and deleted over and over", () => {
    const timers = new Timers();
    for (let time = 0; time < 50_000; time++) {
      const scope = timers.at(time % 7);
      timers.service.deleteEventTime(scope, time - 7);
      timers.service.registerEventTime(scope, time);
    }
    timers.service.advanceEventTime(MAX_WATERMARK, UNLIMITED);
    expect(timers.times()).toEqual([49_993, 49_994, 49_995, 49_996, 49_997, 49_998, 49_999]);
  });

  test("has at most about twice as many entries as timers in memory", () => {
    const state = testBackend();
    const queue = new TimerQueue(state.tables, EVENT_TIME);
    for (let time = 0; time < 50_000; time++) {
      queue.add(state.keyed, state.keyed.slot("k"), time);
      if (time > 0) queue.remove(state.keyed, state.keyed.slot("k"), time - 1);
      expect(queue.entries).toBeLessThanOrEqual(1_024);
    }
  });

  test("knows timers that are restored after it was made", () => {
    const before = new Timers();
    before.service.registerEventTime(before.at("a"), 5);
    before.service.registerProcessingTime(before.at("b", "w"), 6);
    before.service.registerNamespaceProcessingTime("w", 7);
    const timers = new Timers();
    timers.state.restore([before.state.snapshotFull()]);
    expect(timers.service.nextProcessingTime()).toBe(6);
    timers.service.advanceEventTime(9, UNLIMITED);
    timers.service.advanceProcessingTime(9, UNLIMITED);
    expect(timers.times()).toEqual([5, 6, 7]);
  });

  test("fires a million timers at one watermark, a budget's worth at a time", () => {
    const state = testBackend();
    let fired = 0;
    const service = new TimerService(state, new TestClock(), {
      onEventTime: () => void fired++,
      onProcessingTime: () => {},
      onNamespaceEventTime: () => {},
      onNamespaceProcessingTime: () => {},
    });
    for (let key = 0; key < 1_000_000; key++) {
      state.setCurrentKey(key);
      service.registerEventTime(state.scope, 1_000 + (key % 10));
    }
    let turns = 0;
    for (let done = false; !done; turns++) {
      let left = 100_000;
      done = service.advanceEventTime(2_000, { exhausted: () => --left <= 0 });
    }
    expect(fired).toBe(1_000_000);
    expect(turns).toBe(10);
    expect(state.keyed.size).toBe(0);
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "refuses %s as a time",
    (time) => {
      const timers = new Timers();
      expect(() => timers.service.registerEventTime(timers.at("a"), time)).toThrow(
        "not an integer",
      );
      expect(() => timers.service.registerNamespaceEventTime("w", time)).toThrow("not an integer");
    },
  );

  test("shows the clock as processing time", () => {
    const timers = new Timers();
    timers.clock.time = 17;
    expect(timers.service.currentProcessingTime).toBe(17);
  });
});

/** A timer as the model knows it; key null is that of a whole namespace. */
interface Registered {
  readonly key: number | null;
  readonly namespace: string | null;
  readonly time: number;
}

type Step =
  | { readonly kind: "register" | "delete"; readonly timer: Registered }
  | { readonly kind: "advance"; readonly by: number; readonly budget: number };

const timer = fc
  .record({
    key: fc.option(fc.integer({ min: 0, max: 3 })),
    namespace: fc.constantFrom(null, "w", "v"),
    time: fc.integer({ min: 0, max: 30 }),
  })
  .map((each) => (each.key === null ? { ...each, namespace: each.namespace ?? "w" } : each));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("register" as const), timer }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), timer }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("advance" as const),
      by: fc.integer({ min: 0, max: 12 }),
      budget: fc.integer({ min: 1, max: 5 }),
    }),
  },
);

/** A sorted list: by time, namespaces before keys, then by registration. */
class Model {
  #timers: Registered[] = [];

  register(timer: Registered): void {
    if (!this.#timers.some((each) => same(each, timer))) this.#timers.push(timer);
  }

  delete(timer: Registered): void {
    this.#timers = this.#timers.filter((each) => !same(each, timer));
  }

  advance(until: number): Registered[] {
    const due = this.#timers.filter(({ time }) => time <= until);
    this.#timers = this.#timers.filter(({ time }) => time > until);
    const rank = ({ key }: Registered): number => (key === null ? 0 : 1);
    return due.sort((a, b) => a.time - b.time || rank(a) - rank(b));
  }
}

function same(a: Registered, b: Registered): boolean {
  return a.key === b.key && a.namespace === b.namespace && a.time === b.time;
}

function apply(timers: Timers, { kind, timer }: Step & { readonly timer: Registered }): void {
  const { service } = timers;
  const { key, namespace, time } = timer;
  if (key !== null) {
    const scope = timers.at(key, namespace);
    if (kind === "register") service.registerEventTime(scope, time);
    else service.deleteEventTime(scope, time);
  } else if (kind === "register") service.registerNamespaceEventTime(namespace ?? "w", time);
  else service.deleteNamespaceEventTime(namespace ?? "w", time);
}

test("a timer service fires what a sorted list would, whatever the budgets", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const timers = new Timers();
      const model = new Model();
      let watermark = 0;
      for (const each of steps) {
        if (each.kind === "advance") {
          watermark += each.by;
          timers.fired.length = 0;
          for (let done = false; !done;) {
            let left = each.budget;
            done = timers.service.advanceEventTime(watermark, { exhausted: () => --left <= 0 });
          }
          const expected = model.advance(watermark);
          const fired = timers.fired.map(({ key, namespace, time }) => ({ key, namespace, time }));
          expect(fired.toSorted(byIdentity)).toEqual(expected.toSorted(byIdentity));
          expect(fired.map(({ time }) => time)).toEqual(expected.map(({ time }) => time));
        } else {
          apply(timers, each);
          if (each.kind === "register") model.register(each.timer);
          else model.delete(each.timer);
        }
      }
    }),
    { numRuns: 500 },
  );
});

/** Deleting a timer and registering it again keeps its old place among equal times. */
function byIdentity(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
