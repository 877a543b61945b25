import type { FunctionPorts } from "../../core/protocol/function.ts";
import { Client } from "./client.ts";
import { PortFault } from "./call.ts";
import type { Services } from "./services.ts";
import type { Simulation } from "./simulation.ts";

/** What an action may use beside the ports. */
export interface ActorContext {
  readonly ports: FunctionPorts;
  /** 1 for the first of the attempts that the actor makes. */
  readonly attempt: number;
  sleep(ms: number): Promise<void>;
}

/** A control action: it has to be such that it may be cut off anywhere and started again. */
export type Action = (context: ActorContext) => Promise<void>;

const RETRY_MS = 60_000;

/**
 * Somebody who does a control action: savepoint, stop, rescale, or sends input.
 *
 *   A1  an action whose client dies, or which a rejected call ends, is started again with a new
 *       client, until one attempt has come to its end
 *   A2  any other error ends the run
 */
export class Actor {
  readonly name: string;
  readonly #sim: Simulation;
  readonly #services: Services;
  readonly #action: Action;
  #attempts = 0;
  #done = false;

  constructor(sim: Simulation, services: Services, name: string, action: Action) {
    this.name = name;
    this.#sim = sim;
    this.#services = services;
    this.#action = action;
  }

  get isDone(): boolean {
    return this.#done;
  }

  get attempts(): number {
    return this.#attempts;
  }

  start(): void {
    const { injector } = this.#sim;
    const place = injector.place("actor", this.name);
    const twice = injector.strikeOf("actor-double", place, injector.next(place)) !== null;
    this.#attempt();
    if (twice) this.#attempt();
  }

  #attempt(): void {
    this.#attempts += 1;
    const attempt = this.#attempts;
    const { injector, recorder, timeline } = this.#sim;
    const client = new Client(this.#sim, `${this.name}!${attempt}`, 0);
    const place = injector.place("actor", this.name);
    const crash = injector.strikeOf("actor-crash", place, injector.next(place));
    if (crash !== null) client.deadlyCall = 1 + crash.random.below(30);
    client.onDeath = () => {
      recorder.note(timeline.now, client.name, 0, "dies");
      this.#again();
    };
    const ports = this.#services.portsOf(client);
    this.#action({ ports, attempt, sleep: (ms) => this.#sleep(client, ms) }).then(
      () => this.#ended(client),
      (error: unknown) => this.#failed(client, error),
    );
  }

  #ended(client: Client): void {
    this.#done = true;
    this.#sim.recorder.note(this.#sim.timeline.now, client.name, 0, "is done");
  }

  #failed(client: Client, error: unknown): void {
    const { recorder, timeline } = this.#sim;
    if (!(error instanceof PortFault)) return timeline.fail(error);
    recorder.note(timeline.now, client.name, 0, `gives up: ${error.message}`);
    return this.#again();
  }

  #again(): void {
    if (this.#done) return;
    const delayMs = this.#sim.random
      .fork(`${this.name}#${this.#attempts}`)
      .logBetween(100, RETRY_MS);
    this.#sim.timeline.after(delayMs, () => {
      if (!this.#done) this.#attempt();
    });
  }

  #sleep(client: Client, ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#sim.timeline.after(ms, () => {
        if (!client.isDead) resolve();
      });
    });
  }
}
