import type { KeyedStateOptions } from "../../../core/state/keyed-state-backend.ts";
import { KeyedStateBackend, type KeyedTables } from "../../../core/state/index.ts";

/** A clock that stands until it is told the time. */
export class TestClock {
  time = 0;

  now(): number {
    return this.time;
  }
}

/** A backend that owns all 128 key groups, unless `options` says otherwise. */
export function testBackend(
  options: Partial<KeyedStateOptions> = {},
  tables?: KeyedTables,
): KeyedStateBackend {
  const defaults = {
    maxParallelism: 128,
    firstKeyGroup: 0,
    lastKeyGroup: 127,
    clock: new TestClock(),
    strict: false,
  };
  return new KeyedStateBackend({ ...defaults, ...options }, tables);
}
