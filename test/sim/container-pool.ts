import { Container } from "./container.ts";
import type { Simulation } from "./simulation.ts";

/** Idle containers of one function beyond this are ended, the oldest first. */
const IDLE_MAX = 6;
const SKEW_MS = 5_000;

/**
 * The containers of all functions.
 *
 *   C1  a container has one invocation at a time
 *   C2  any idle one may be next, however long it has been idle
 */
export class ContainerPool {
  readonly #sim: Simulation;
  readonly #idle = new Map<string, Container[]>();
  readonly #made = new Map<string, number>();
  #retired = 0;
  readonly #births = new Map<Container, number>();

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** An idle container of the function, or a new one. `word` chooses. */
  take(functionName: string, cold: boolean, word: number): Container {
    const idle = this.#idle.get(functionName) ?? [];
    const { now } = this.#sim.timeline;
    // A zombie may have died since.
    const ready = idle.filter((each) => !each.isDead && each.reservedUntil <= now);
    const chosen = cold ? undefined : ready[word % Math.max(1, ready.length)];
    if (chosen === undefined) return this.#make(functionName);
    idle.splice(idle.indexOf(chosen), 1);
    return chosen;
  }

  /** Makes a container idle; one from before `retireAll` ends. */
  give(container: Container): void {
    if (container.isDead) return;
    if ((this.#births.get(container) ?? 0) < this.#retired) return container.die();
    const { functionName } = container;
    const idle = this.#idle.get(functionName) ?? [];
    if (idle.length === 0) this.#idle.set(functionName, idle);
    idle.push(container);
    if (idle.length > IDLE_MAX) idle.shift()?.die();
  }

  /** From now on every invocation has a container made after this: new code is rolled out. */
  retireAll(): void {
    this.#retired += 1;
    for (const idle of this.#idle.values()) for (const each of idle) each.die();
    this.#idle.clear();
  }

  #make(functionName: string): Container {
    const number = (this.#made.get(functionName) ?? 0) + 1;
    this.#made.set(functionName, number);
    const name = `${functionName}~${number}`;
    const container = new Container(this.#sim, functionName, name, this.#skewOf(functionName));
    this.#births.set(container, this.#retired);
    return container;
  }

  #skewOf(functionName: string): number {
    const { injector } = this.#sim;
    const place = injector.place("container", functionName);
    const fault = injector.strikeOf("skew", place, injector.next(place));
    if (fault === null) return 0;
    const size = fault.random.logBetween(10, SKEW_MS);
    return fault.random.chance(0.5) ? size : -size;
  }
}
