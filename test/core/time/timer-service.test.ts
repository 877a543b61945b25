import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Budget } from "../../../core/time/index.ts";
import { TimerService } from "../../../core/time/index.ts";
import type { StateScope , KeyedStateBackend} from "../../../core/state/index.ts";
import { StateScope as Scope } from "../../../core/state/index.ts";
import { TestClock, testBackend } from "../state/harness.ts";

const UNLIMITED: Budget = { exhausted: () => false };
const SPENT: Budget = { exhausted: () => true };

type Fired = readonly [
  domain: string,
  namespace: string | number | null,
  key: unknown,
  time: number,
];

/** A service that notes what fires; `onFire` may register more. */
class Timers {
  readonly state: KeyedStateBackend;
  readonly clock = new TestClock();
  readonly service: TimerService;
  readonly fired: Fired[] = [];
  onFire: ((time: number, scope: StateScope | null) => void) | null = null;

  constructor(state: KeyedStateBackend = testBackend()) {
    this.state = state;
    this.service = new TimerService(state, this.clock, {
      onEventTime: (time, scope) => this.#key("event", time, scope),
      onProcessingTime: (time, scope) => this.#key("processing", time, scope),
      onNamespaceEventTime: (time, namespace) => this.#namespace("event", time, namespace),
      onNamespaceProcessingTime: (time, namespace) =>
        this.#namespace("processing", time, namespace),
    });
  }

  at(key: string | number, namespace: string | number | null = null): StateScope {
    this.state.setCurrentKey(key);
    if (namespace === null) return this.state.scope;
    const scope = new Scope(this.state.keyed);
    scope.enter(this.state.namespace(namespace), key);
    return scope;
  }

  #key(domain: string, time: number, scope: StateScope): void {
    expect(this.state.currentIdentity()).toBe(scope.identity);
    this.fired.push([domain, scope.table.namespace, this.state.currentKey(), time]);
    this.onFire?.(time, scope);
  }

  #namespace(domain: string, time: number, namespace: string | number): void {
    this.fired.push([domain, namespace, null, time]);
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
      ["event", null, "a", 10],
      ["event", "w1", "c", 15],
      ["event", "w1", null, 20],
      ["event", null, "b", 20],
    ]);
  });
});

void fc;
void SPENT;
