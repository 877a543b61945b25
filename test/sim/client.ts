import { type CallScope, type Clock, unbounded } from "../../core/ports/index.ts";
import { type Call, DeadScopeError, PortFault } from "./call.ts";
import type { CallKind } from "./call-kind.ts";
import { type Fate, SIGNATURE_MS, fateOf } from "./fate.ts";
import { outcomeOf } from "./outcome.ts";
import type { Simulation } from "./simulation.ts";
import { type Stream, mix, unit } from "./random.ts";

/** An answer, or a request, that waits for its client to thaw. */
type Deferred = () => void;

/** A call that takes longer than others because of what befalls its invocation. */
interface Stall {
  /** How many calls from now. */
  calls: number;
  readonly ms: number;
  readonly before: boolean;
}

/**
 * A process that runs simulated code: a container, or whoever does a control action. Every call of
 * its ports goes through here.
 *
 *   K1  an operation happens at one instant of virtual time, in one piece, and its observers hear of
 *       it before anything else happens
 *   K2  code of a dead client never goes on: what it waits for never ends. Its requests that are on
 *       their way arrive or not
 *   K3  code of a frozen client goes on when it thaws, not before
 *   K4  a call of a dead scope is refused before it leaves
 */
export class Client implements Clock {
  readonly name: string;
  readonly random: Stream;
  readonly sim: Simulation;
  readonly #skewMs: number;
  readonly #thaws: Stream;
  /** When set, the trace and the checkers know which invocation a call belongs to. */
  invocation = 0;
  /** Dies at the first call of this resource. */
  deadlyResource: string | null = null;
  /** Told when that happened, before the death. */
  onDeadly: () => void = () => undefined;
  /** Dies at the call with this count; 0: at none. */
  deadlyCall = 0;
  onDeath: () => void = () => undefined;
  msPerLook = 0;
  /** Requests that a freeze catches before they left are made at the thaw. */
  keepsRequests = false;
  #stall: Stall | null = null;
  #cpuAt = 0;
  #diedAt = Number.POSITIVE_INFINITY;
  #frozen = false;
  #deferred: Deferred[] = [];
  readonly #invocations = new WeakMap<CallScope, number>();

  constructor(sim: Simulation, name: string, skewMs: number) {
    this.sim = sim;
    this.name = name;
    this.random = sim.random.fork("clients").fork(name);
    this.#thaws = this.random.fork("thaws");
    this.#skewMs = skewMs;
  }

  get isDead(): boolean {
    return this.#diedAt !== Number.POSITIVE_INFINITY;
  }

  /** Until when the client computes, in the world's time. */
  get busyUntil(): number {
    return this.#cpuAt;
  }

  /** The client's own clock: off by its skew, and going on while the client computes. */
  now(): number {
    const { now } = this.sim.timeline;
    if (this.msPerLook === 0) return Math.floor(Math.max(now, this.#cpuAt) + this.#skewMs);
    this.#cpuAt = Math.max(this.#cpuAt, now) + this.msPerLook;
    return Math.floor(this.#cpuAt + this.#skewMs);
  }

  die(): void {
    if (this.isDead) return;
    this.#diedAt = this.sim.timeline.now;
    this.#deferred = [];
    this.onDeath();
  }

  freeze(): void {
    this.#frozen = true;
  }

  /** What came in while the client was frozen comes now: at once, or within milliseconds (K3). */
  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const go of deferred) {
      const delayMs = this.#thaws.chance(0.5) ? 0 : this.#thaws.between(0, 5);
      if (delayMs === 0) go();
      else this.sim.timeline.after(delayMs, () => this.#whenAwake(go));
    }
  }

  /** One of the next calls takes `ms`: before it is done, or after. */
  stallOne(calls: number, ms: number, before: boolean): void {
    this.#stall = { calls, ms, before };
  }

  noStall(): void {
    this.#stall = null;
  }

  /** Counts a call and decides what befalls it. */
  begin(
    kind: CallKind,
    resource: string,
    subject: unknown,
    bytes: number,
    scope: CallScope | null,
  ): Call {
    const { injector, recorder, timeline } = this.sim;
    const place = injector.place(kind, resource);
    const word = injector.next(place);
    const fault = this.isDead ? null : injector.strike(place, word);
    const call: Call = {
      number: recorder.calls + 1,
      kind,
      place,
      word,
      client: this.name,
      invocation: this.#invocationOf(scope),
      startedAt: timeline.now,
      subject,
      bytes,
      fault,
      scope,
      endedAt: 0,
      outcome: "pending",
    };
    recorder.call(call);
    return call;
  }

  /** Makes a call that has begun: `operation` is what it does when it arrives. */
  make<T>(call: Call, operation: () => Promise<T>): Promise<T> {
    if (this.isDead) return new Promise(() => undefined);
    if (call.scope !== null && !call.scope.isLive()) return this.#refuse(call);
    let fate = this.#stalled(fateOf(call.kind, call.word, call.fault));
    if (this.#isDeadly(call)) fate = { ...fate, effect: false, answer: "death" };
    const { timeline } = this.sim;
    const leavesAt = Math.max(timeline.now, this.#cpuAt);
    return new Promise<T>((resolve, reject) => {
      timeline.at(leavesAt + fate.beforeMs, () => {
        if (leavesAt > this.#diedAt) this.#end(call, "never left");
        else this.#arrive(call, fate, operation, resolve, reject);
      });
    });
  }

  #arrive<T>(
    call: Call,
    fate: Fate,
    operation: () => Promise<T>,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ): void {
    const again = (): void => this.#arrive(call, fate, operation, resolve, reject);
    const coin = unit(mix(call.word, 0xc011));
    if (this.isDead && coin < 0.5) return this.#end(call, "never left");
    if (this.#frozen && this.keepsRequests && coin < 0.5) return void this.#deferred.push(again);
    const { timeline } = this.sim;
    const expired = timeline.now - call.startedAt > SIGNATURE_MS;
    if (!fate.effect || expired) {
      if (fate.answer === "death") return this.#dies(call, "died before");
      const why = expired ? "signature expired" : "rejected, nothing done";
      return this.#whenAwake(() => this.#reject(call, why, reject));
    }
    operation().then(
      (value) => this.#done(call, fate, value, resolve, reject),
      (error: unknown) => timeline.fail(error),
    );
  }

  /** The operation has happened: now the answer. */
  #done<T>(
    call: Call,
    fate: Fate,
    value: T,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ): void {
    if (fate.answer === "death") return this.#dies(call, "done, died after");
    const answer = (): void => {
      if (fate.answer === "rejection") return this.#reject(call, "done, answer lost", reject);
      this.#end(call, outcomeOf(value));
      return resolve(value);
    };
    if (fate.afterMs === 0) return this.#whenAwake(answer);
    return this.sim.timeline.after(fate.afterMs, () => this.#whenAwake(answer));
  }

  #whenAwake(go: () => void): void {
    if (this.isDead) return;
    if (this.#frozen) this.#deferred.push(go);
    else go();
  }

  #dies(call: Call, outcome: string): void {
    this.#end(call, outcome);
    this.die();
  }

  #reject(call: Call, why: string, reject: (error: Error) => void): void {
    this.#end(call, why);
    reject(new PortFault(`${call.place.kind} ${call.place.resource}: ${why}; try again`));
  }

  async #refuse<T>(call: Call): Promise<T> {
    this.#end(call, "refused, scope is dead");
    throw new DeadScopeError(
      `${call.place.kind} ${call.place.resource}: the turn is over; give up`,
    );
  }

  #end(call: Call, outcome: string): void {
    call.endedAt = this.sim.timeline.now;
    call.outcome = outcome;
    this.sim.recorder.ended(call);
  }

  #stalled(fate: Fate): Fate {
    const stall = this.#stall;
    if (stall === null) return fate;
    stall.calls -= 1;
    if (stall.calls > 0) return fate;
    this.#stall = null;
    if (stall.before) return { ...fate, beforeMs: fate.beforeMs + stall.ms };
    return { ...fate, afterMs: fate.afterMs + stall.ms };
  }

  #isDeadly(call: Call): boolean {
    if (call.place.resource === this.deadlyResource) {
      this.deadlyResource = null;
      this.onDeadly();
      return true;
    }
    if (this.deadlyCall === 0) return false;
    this.deadlyCall -= 1;
    return this.deadlyCall === 0;
  }

  /** A scope belongs to the invocation that used it first. */
  #invocationOf(scope: CallScope | null): number {
    if (scope === null || scope === unbounded) return this.invocation;
    const known = this.#invocations.get(scope);
    if (known !== undefined) return known;
    this.#invocations.set(scope, this.invocation);
    return this.invocation;
  }
}
