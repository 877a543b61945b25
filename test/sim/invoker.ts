import { AssertionError } from "../../core/assert.ts";
import type { BatchResult } from "../../core/protocol/function.ts";
import type { Container } from "./container.ts";
import type { ContainerPool } from "./container-pool.ts";
import type { Fault, Place } from "./fault-injector.ts";
import type { FaultKind } from "./fault-kind.ts";
import { mix } from "./random.ts";
import type { Simulation } from "./simulation.ts";

export interface InvokerOptions {
  /** After this an invocation is over for whoever made it. */
  readonly timeoutMs: number;
  /** A zombie goes on at the latest this long after its invocation. */
  readonly zombieMsMax: number;
}

/** What is to be invoked. */
export interface Task {
  readonly functionName: string;
  /** For the trace. */
  readonly label: string;
  /** Groups in hand, for poison. */
  readonly poison: Poison | null;
  readonly run: (container: Container, deadlineMs: number) => Promise<BatchResult>;
  /** Called once, when the invocation began; visibility may end while it goes on. */
  readonly expire: () => void;
  /** Called at most once, when an answer comes in time; null: an error. */
  readonly settle: (result: BatchResult | null) => void;
}

/** The invocation is to die at the first call of `resource`, or at once. */
export interface Poison {
  readonly resource: string | null;
  readonly onKill: () => void;
}

/** An invocation that overruns may take this long. */
const OVERRUN_MS = 600_000;

/**
 * Invokes functions on containers.
 *
 *   V1  an invocation that has not answered at its timeout has failed. Its container dies, or is
 *       frozen as it stands and goes on later (a zombie), or (an overrun) there is no timeout
 *   V2  a container that has answered is frozen until its next invocation
 *   V3  of an invocation whose container died nobody hears anything
 */
export class Invoker {
  readonly #sim: Simulation;
  readonly #pool: ContainerPool;
  readonly #options: InvokerOptions;
  #invocations = 0;
  #running = 0;

  constructor(sim: Simulation, pool: ContainerPool, options: InvokerOptions) {
    this.#sim = sim;
    this.#pool = pool;
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get invocations(): number {
    return this.#invocations;
  }

  invoke(task: Task): void {
    const { injector, recorder, timeline } = this.#sim;
    const place = injector.place("invoke", task.functionName);
    const word = injector.next(place);
    const cold = injector.strikeOf("cold", place, word) !== null;
    const container = this.#pool.take(task.functionName, cold, mix(word, 0xc01d));
    this.#invocations += 1;
    this.#running += 1;
    container.invocation = this.#invocations;
    container.thaw();
    recorder.note(timeline.now, container.name, container.invocation, `begins ${task.label}`);
    const ended = (): void => this.#ended(container);
    const chance = new Chance(this.#sim, place, word);
    new Invocation(this.#sim, this.#options, container, task, ended).begin(chance);
  }

  #ended(container: Container): void {
    this.#running -= 1;
    this.#pool.give(container);
  }
}

/** Which faults strike one invocation. */
class Chance {
  readonly #sim: Simulation;
  readonly #place: Place;
  readonly #word: number;

  constructor(sim: Simulation, place: Place, word: number) {
    this.#sim = sim;
    this.#place = place;
    this.#word = word;
  }

  of(kind: FaultKind): Fault | null {
    return this.#sim.injector.strikeOf(kind, this.#place, this.#word);
  }
}

class Invocation {
  readonly #sim: Simulation;
  readonly #options: InvokerOptions;
  readonly #container: Container;
  readonly #task: Task;
  readonly #ended: () => void;
  readonly #number: number;
  readonly #startedAt: number;
  #zombie: Fault | null = null;
  #recycle = false;
  #over = false;

  constructor(
    sim: Simulation,
    options: InvokerOptions,
    container: Container,
    task: Task,
    ended: () => void,
  ) {
    this.#sim = sim;
    this.#options = options;
    this.#container = container;
    this.#task = task;
    this.#ended = ended;
    this.#number = container.invocation;
    this.#startedAt = sim.timeline.now;
  }

  begin(chance: Chance): void {
    const container = this.#container;
    const { timeoutMs } = this.#options;
    container.onDeath = () => this.#end("dies");
    container.keepsRequests = chance.of("thaw") !== null;
    container.msPerLook = chance.of("slow-cpu")?.random.logBetween(1, 2_000) ?? 0;
    this.#recycle = chance.of("recycle") !== null;
    const limitMs = this.#slowDown(chance) ? OVERRUN_MS : timeoutMs;
    const deadlineMs = container.now() + timeoutMs;
    const { poison } = this.#task;
    container.deadlyResource = poison?.resource ?? null;
    container.onDeadly = poison?.onKill ?? (() => undefined);
    if (poison !== null && poison.resource === null) {
      poison.onKill();
      return container.die();
    }
    this.#task.expire();
    this.#sim.timeline.after(limitMs, () => this.#timeOut());
    this.#run(deadlineMs);
    return undefined;
  }

  /** Whether the invocation may overrun its timeout. */
  #slowDown(chance: Chance): boolean {
    const overrun = chance.of("overrun");
    this.#zombie = overrun === null ? chance.of("zombie") : null;
    const slow = overrun ?? this.#zombie;
    if (slow === null) return false;
    const { random } = slow;
    const ms = overrun === null ? 25_000 : random.logBetween(30_000, 120_000);
    this.#container.stallOne(1 + random.below(8), ms, random.chance(0.5));
    return overrun !== null;
  }

  #run(deadlineMs: number): void {
    let answer: Promise<BatchResult>;
    try {
      answer = this.#task.run(this.#container, deadlineMs);
    } catch (error) {
      return this.#sim.timeline.fail(error);
    }
    return void answer.then(
      (result) => this.#answered(result, "answers"),
      (error: unknown) => {
        if (error instanceof AssertionError) this.#sim.timeline.fail(error);
        this.#answered(null, `throws ${String(error)}`);
      },
    );
  }

  #answered(result: BatchResult | null, what: string): void {
    if (this.#over) return undefined;
    const { timeline } = this.#sim;
    const { busyUntil } = this.#container;
    // The code came to its end at once, but the container computes on.
    if (busyUntil > timeline.now) return timeline.at(busyUntil, () => this.#answered(result, what));
    const { failed } = result ?? { failed: [] };
    this.#end(failed.length === 0 ? what : `${what}, ${failed.length} failed`);
    return this.#task.settle(result);
  }

  #timeOut(): void {
    if (this.#over) return;
    const zombie = this.#zombie;
    if (zombie === null) return this.#container.die();
    const container = this.#container;
    const { timeline } = this.#sim;
    const until = timeline.now + zombie.random.logBetween(20_000, this.#options.zombieMsMax);
    if (zombie.random.chance(0.5)) container.reservedUntil = until;
    this.#end("times out, is left as a zombie");
    // Nobody may ever need the container again: then the zombie goes on by itself.
    return timeline.at(until, () => container.thaw());
  }

  #end(what: string): void {
    if (this.#over) return;
    this.#over = true;
    const { recorder, timeline, usage } = this.#sim;
    usage.addInvocation(timeline.now - this.#startedAt);
    const container = this.#container;
    recorder.note(timeline.now, container.name, this.#number, what);
    container.onDeath = () => undefined;
    container.deadlyResource = null;
    container.noStall();
    container.freeze();
    if (this.#recycle && !container.isDead) container.die();
    this.#ended();
  }
}
