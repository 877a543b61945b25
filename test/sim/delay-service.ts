import type { DelayedMessage } from "../../core/ports/index.ts";
import { MemoryDelayQueue } from "../../infra/memory/memory-delay-queue.ts";
import type { Call } from "./call.ts";
import type { Simulation } from "./simulation.ts";

/** The standard queue of wake-ups as a service, below its clients. */
export class DelayService {
  readonly memory: MemoryDelayQueue;
  readonly #sim: Simulation;
  #extraMs = 0;
  #twice = false;
  /** Told that the queue has something to give at another time than before. */
  onChange: () => void = () => undefined;

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.memory = new MemoryDelayQueue(
      { now: () => Math.floor(sim.timeline.now) },
      { faults: { extraDelayMs: () => this.#extraMs, acceptTwice: () => this.#twice } },
    );
  }

  async send(body: Uint8Array, delayMs: number, call: Call): Promise<void> {
    this.#extraMs = extraDelayMs(call, delayMs);
    this.#twice = call.fault?.kind === "wake-double";
    await this.memory.send(body, delayMs);
    for (const observer of this.#sim.observers) {
      observer.onDelay?.(body, delayMs, call);
      if (this.#twice) observer.onDelay?.(body, delayMs, call);
    }
    this.onChange();
  }

  async receive(max: number, visibilityMs: number): Promise<readonly DelayedMessage[]> {
    const messages = await this.memory.receive({ max, visibilityMs });
    this.onChange();
    return messages;
  }

  async delete(receipts: readonly string[]): Promise<readonly boolean[]> {
    const deleted = await this.memory.delete(receipts);
    this.onChange();
    return deleted;
  }
}

function extraDelayMs({ fault }: Call, delayMs: number): number {
  if (fault?.kind === "wake-late") return fault.random.logBetween(100, 600_000);
  if (fault?.kind === "wake-early") return -Math.min(delayMs, fault.random.logBetween(10, 5_000));
  return 0;
}
