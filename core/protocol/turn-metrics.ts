import type { Clock, MetricScope, MetricSums } from "../ports/index.ts";
import { MetricRegistry } from "../runtime/metric-registry.ts";
import type { InboxResult } from "./inbox.ts";
import type { PreparedTurn } from "./turn-commit.ts";

/**
 * What the turns of one subtask add to the metrics of their invocation.
 *
 *   TM1  what a unit counted is added when its turn is committed, and only what it has counted since
 *        the last time: a turn that is not committed ends its unit, and nobody sees its counts
 *   TM2  what happened to the turn itself (a lost race, a cold start, a wait for credit) counts at once
 */
export class TurnMetrics {
  /** Of what committed turns do to the outside: it needs no unit. */
  readonly effects: MetricRegistry = new MetricRegistry();
  readonly #sums: MetricSums;
  readonly #scope: MetricScope;
  readonly #clock: Clock;

  constructor(sums: MetricSums, scope: MetricScope, clock: Clock) {
    this.#sums = sums;
    this.#scope = scope;
    this.#clock = clock;
  }

  lostRace(): void {
    this.#count("lostRaces", 1);
  }

  /** The unit had to be made from bytes. */
  coldStart(): void {
    this.#count("coldStarts", 1);
  }

  /** Messages were handed back for want of credit. */
  creditWait(): void {
    this.#count("creditWaits", 1);
  }

  /** TM1. */
  committed(turn: PreparedTurn, { buffered }: InboxResult, unit: MetricRegistry): void {
    this.#count("turns", 1);
    this.#count("bytesCommitted", bytesOf(turn));
    if (buffered > 0) this.#count("earlyMessages", buffered);
    unit.moveChanges(this.#sums, this.#scope.job, this.#clock.now());
  }

  sent(): void {
    this.effects.moveChanges(this.#sums, this.#scope.job, this.#clock.now());
  }

  #count(name: string, by: number): void {
    this.#sums.count(this.#scope, name, by);
  }
}

/** State, messages and effects: in the entry, without its head, and in objects. */
function bytesOf({ entry, objects }: PreparedTurn): number {
  const { body } = entry;
  let bytes = body.kind === "inline" ? body.delta.length + body.outbox.length : 0;
  for (const object of objects) bytes += object.bytes.length;
  return bytes;
}
