import type { FifoMessage } from "../../core/ports/index.ts";
import { type Action, Actor } from "./actor.ts";
import { Client } from "./client.ts";
import { ContainerPool } from "./container-pool.ts";
import type { ContainerCode, Container, CreateContainer } from "./container.ts";
import type { FunctionPorts } from "../../core/protocol/function.ts";
import { FaultInjector } from "./fault-injector.ts";
import { type FaultPlan, noFaults } from "./fault-plan.ts";
import { Invoker } from "./invoker.ts";
import { Mapping } from "./mapping.ts";
import type { Observer } from "./observer.ts";
import { Stream } from "./random.ts";
import { type Describe, Recorder } from "./recorder.ts";
import { Services } from "./services.ts";
import type { Simulation } from "./simulation.ts";
import { OutOfTimeError, Timeline } from "./timeline.ts";
import { TimerMapping } from "./timer-mapping.ts";
import { Usage } from "./usage.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly plan?: FaultPlan;
  /** Called in each new container when its first invocation begins. */
  readonly createContainer: CreateContainer;
  readonly observers?: readonly Observer[];
  /** Which function handles a queue; a function of its own by default. */
  readonly functionOf?: (queue: string) => string;
  /** The resource whose first call shows that a group is being handled: a ledger partition. */
  readonly poisonResource?: (queue: string, group: string) => string | null;
  readonly describe?: Describe;
  readonly traceLines?: number;
  readonly timeoutMs?: number;
  /** Zombies go on at the latest this long after their invocation timed out; three hours. */
  readonly zombieMsMax?: number;
  readonly visibilityMs?: number;
}

const START = Date.UTC(2026, 0, 1);
const TIMEOUT_MS = 20_000;
const ZOMBIE_MS_MAX = 10_800_000;
const VISIBILITY_MS = 30_000;
const TRACE_LINES = 2_000;

/**
 * Functions, their queues, ledgers, records, objects and wake-ups, in virtual time, with faults.
 *
 *   W1  equal options have equal runs: no clock, no randomness and no order comes from outside
 *   W2  a queue has a mapping from its first message on
 */
export class World {
  readonly services: Services;
  readonly usage = new Usage();
  readonly recorder: Recorder;
  readonly injector: FaultInjector;
  readonly #timeline = new Timeline(START);
  readonly #sim: Simulation;
  readonly #pool: ContainerPool;
  readonly #invoker: Invoker;
  readonly #mappings = new Map<string, Mapping>();
  readonly #timer: TimerMapping;
  readonly #codes = new WeakMap<Container, ContainerCode>();
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    const { seed, plan = noFaults, observers = [], traceLines = TRACE_LINES } = options;
    this.#options = options;
    this.injector = new FaultInjector(seed, plan);
    this.recorder = new Recorder(traceLines, options.describe ?? (() => null));
    this.#sim = {
      timeline: this.#timeline,
      injector: this.injector,
      recorder: this.recorder,
      usage: this.usage,
      observers,
      random: Stream.of(seed),
    };
    this.services = new Services(this.#sim);
    this.#pool = new ContainerPool(this.#sim);
    this.#invoker = new Invoker(this.#sim, this.#pool, {
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      zombieMsMax: options.zombieMsMax ?? ZOMBIE_MS_MAX,
    });
    const { queues, delays } = this.services;
    queues.onChange = (queue) => this.mapping(queue).changed();
    queues.onGhost = (queue, message) => this.mapping(queue).ghost(message);
    this.#timer = new TimerMapping(this.#sim, delays, this.#invoker, {
      visibilityMs: options.visibilityMs ?? VISIBILITY_MS,
      handle: (container, messages, deadlineMs) =>
        this.#codeOf(container).timer.handle(messages, deadlineMs),
    });
    delays.onChange = () => this.#timer.changed();
  }

  /** Milliseconds since the epoch; a run begins on 1 January 2026. */
  get now(): number {
    return this.#timeline.now;
  }

  /** Events so far. */
  get events(): number {
    return this.#timeline.events;
  }

  get invocations(): number {
    return this.#invoker.invocations;
  }

  /** What happens with one name is drawn from a stream of its own. */
  random(name: string): Stream {
    return this.#sim.random.fork(name);
  }

  /** The mapping of a queue, to switch it off and on. */
  mapping(queue: string): Mapping {
    const known = this.#mappings.get(queue);
    if (known !== undefined) return known;
    const mapping = new Mapping(this.#sim, this.services.queues, this.#invoker, queue, {
      functionName: this.#options.functionOf?.(queue) ?? queue,
      visibilityMs: this.#options.visibilityMs ?? VISIBILITY_MS,
      poisonResource: this.#options.poisonResource ?? (() => null),
      handle: (container, name, messages, deadlineMs) =>
        this.#handle(container, name, messages, deadlineMs),
    });
    this.#mappings.set(queue, mapping);
    return mapping;
  }

  /** Ports without an invocation around them, with faults: for whoever is no function. */
  client(name: string): FunctionPorts {
    return this.services.portsOf(new Client(this.#sim, name, 0));
  }

  /** Starts a control action at `atMs` from now; it is repeated until it has come to its end. */
  actor(name: string, action: Action, atMs = 0): Actor {
    const actor = new Actor(this.#sim, this.services, name, action);
    this.after(atMs, () => actor.start());
    return actor;
  }

  after(delayMs: number, run: () => void): void {
    this.#timeline.after(delayMs, run);
  }

  /** Ends the run with an error: for checkers. */
  fail(error: Error): void {
    this.#timeline.fail(error);
  }

  /** Containers made from now on serve every invocation that begins from now on. */
  retireContainers(): void {
    this.#pool.retireAll();
  }

  faultsOff(): void {
    this.injector.off();
  }

  /** Goes on until `done`; an error when that does not happen within `limitMs`. */
  async runUntil(done: () => boolean, limitMs: number): Promise<void> {
    const end = await this.#timeline.run(done, this.now + limitMs);
    if (end === "done" || done()) return;
    const why = end === "empty" ? "nothing is left to happen" : `${limitMs} ms have passed`;
    throw new OutOfTimeError(`runUntil: ${why}, and the condition does not hold; see the trace`);
  }

  /** Goes on for `ms`, also when nothing is left to happen. */
  async run(ms: number): Promise<void> {
    this.after(ms, () => undefined);
    await this.#timeline.run(() => false, this.now + ms);
  }

  /** Without faults from now on, goes on until nothing is left to happen. */
  async drain(limitMs: number): Promise<void> {
    this.faultsOff();
    const end = await this.#timeline.run(() => false, this.now + limitMs);
    if (end === "empty") return;
    throw new OutOfTimeError(
      `drain: after ${limitMs} ms ${this.#timeline.pending} events are left; see the trace`,
    );
  }

  /** Goes on for `ms`, in which nobody may be invoked and nothing called. */
  async idle(ms: number): Promise<void> {
    const { calls } = this.recorder;
    const { invocations } = this;
    await this.run(ms);
    if (this.recorder.calls === calls && this.invocations === invocations) return;
    throw new Error(
      `idle: ${this.invocations - invocations} invocations and ${this.recorder.calls - calls} calls in ${ms} ms (none expected); see the trace`,
    );
  }

  #handle(
    container: Container,
    queue: string,
    messages: readonly FifoMessage[],
    deadlineMs: number,
  ): Promise<{ readonly failed: readonly string[] }> {
    return this.#codeOf(container).queueFunction(queue).handle({ queue, messages }, deadlineMs);
  }

  #codeOf(container: Container): ContainerCode {
    const known = this.#codes.get(container);
    if (known !== undefined) return known;
    const code = this.#options.createContainer(this.services.portsOf(container));
    this.#codes.set(container, code);
    return code;
  }
}
