import type { DelayedMessage } from "../../core/ports/index.ts";
import type { BatchResult } from "../../core/protocol/function.ts";
import type { Container } from "./container.ts";
import type { DelayService } from "./delay-service.ts";
import type { Fault } from "./fault-injector.ts";
import type { Invoker } from "./invoker.ts";
import type { Simulation } from "./simulation.ts";

export const TIMER_FUNCTION = "timer";
const RESOURCE = "wake-ups";

export interface TimerMappingOptions {
  readonly visibilityMs: number;
  readonly handle: (
    container: Container,
    messages: readonly DelayedMessage[],
    deadlineMs: number,
  ) => Promise<BatchResult>;
}

/** The event source mapping of the standard queue: polls when something is due, as `Mapping` does. */
export class TimerMapping {
  readonly #sim: Simulation;
  readonly #delays: DelayService;
  readonly #invoker: Invoker;
  readonly #options: TimerMappingOptions;
  #pollAt = Number.POSITIVE_INFINITY;

  constructor(
    sim: Simulation,
    delays: DelayService,
    invoker: Invoker,
    options: TimerMappingOptions,
  ) {
    this.#sim = sim;
    this.#delays = delays;
    this.#invoker = invoker;
    this.#options = options;
  }

  changed(): void {
    const visibleAt = this.#delays.memory.nextVisibleAt();
    if (visibleAt === null) return;
    const { timeline } = this.#sim;
    const at = Math.max(visibleAt, timeline.now + 5);
    if (this.#pollAt <= at) return;
    this.#pollAt = at;
    timeline.at(at, () => this.#poll(at));
  }

  #poll(at: number): void {
    if (at !== this.#pollAt) return;
    this.#pollAt = Number.POSITIVE_INFINITY;
    const { injector, timeline } = this.#sim;
    const place = injector.place("poll", RESOURCE);
    const small = injector.strikeOf("small-batch", place, injector.next(place));
    const max = small === null ? 10 : 1 + small.random.below(5);
    this.#receive(max).catch((error: unknown) => timeline.fail(error));
  }

  async #receive(max: number): Promise<void> {
    const messages = await this.#delays.receive(max, this.#options.visibilityMs);
    if (messages.length === 0) return;
    this.#sim.usage.addMapping(messages.reduce((sum, { body }) => sum + body.length, 0));
    this.#sim.timeline.after(5, () => this.#invoke(messages));
  }

  #invoke(messages: readonly DelayedMessage[]): void {
    const { injector, observers } = this.#sim;
    for (const observer of observers) {
      for (const message of messages) observer.onWake?.(message, this.#invoker.invocations + 1);
    }
    const place = injector.place("result", RESOURCE);
    const lost = injector.strikeOf("result-lost", place, injector.next(place));
    this.#invoker.invoke({
      functionName: TIMER_FUNCTION,
      label: `${RESOURCE} ${messages.map(({ messageId }) => messageId).join(" ")}`,
      poison: null,
      run: (container, deadlineMs) => this.#options.handle(container, messages, deadlineMs),
      expire: () => undefined,
      settle: (result) => {
        if (result !== null) this.#settle(messages, result, lost);
      },
    });
  }

  #settle(messages: readonly DelayedMessage[], result: BatchResult, lost: Fault | null): void {
    const { timeline, usage } = this.#sim;
    if (lost !== null) return;
    const failed = new Set(result.failed);
    const done = messages.filter(({ messageId }) => !failed.has(messageId));
    if (done.length === 0) return;
    timeline.after(5, () => {
      usage.addMapping(0);
      this.#delays
        .delete(done.map(({ receipt }) => receipt))
        .catch((error: unknown) => timeline.fail(error));
    });
  }
}
