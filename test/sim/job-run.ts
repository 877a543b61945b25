import { parseGroup, partitionOf, vertexOf } from "../../core/protocol/address.ts";
import type { JobTopology } from "../../core/protocol/job-topology.ts";
import { decodeMessage } from "../../core/protocol/message.ts";
import type { Actor } from "./actor.ts";
import { allCheckers } from "./checkers/all.ts";
import { CarriedStateChecker } from "./checkers/carried-state.ts";
import { Completions } from "./checkers/completions.ts";
import { Feed } from "./checkers/feed.ts";
import { ExactlyOnce } from "./checkers/outputs.ts";
import { SealChecker } from "./checkers/seal.ts";
import { TwoPhaseChecker } from "./checkers/two-phase.ts";
import { Violation } from "./checkers/violation.ts";
import { Control } from "./control.ts";
import { Deployment } from "./deployment.ts";
import { describeCall } from "./describe.ts";
import type { FaultPlan } from "./fault-plan.ts";
import type { SimJob } from "./jobs/sim-job.ts";
import { Stream } from "./random.ts";
import { type RunSettings, drawSettings } from "./run-settings.ts";
import { OutOfTimeError } from "./timeline.ts";
import { type Outcome, type Scenario, type Trial, conclude } from "./trial.ts";
import { World } from "./world.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** With faults a run gets this much time; what is left is done without them. */
const FAULTY_MS = HOUR;
/** Without faults everything has to come to its end in this time. */
const LIVENESS_MS = 2 * HOUR;
/** A run that makes more turns has no end. */
const TURNS_LEAST = 50_000;
const TURNS_PER_INPUT = 100;
/** Somebody looks after the job so often before it is given up. */
const ROUNDS_MAX = 3;

/** A job as a scenario. `fixed` replaces what is drawn of its settings. */
export function jobScenario(job: SimJob, fixed: Partial<RunSettings> = {}): Scenario {
  return {
    name: job.name,
    size: job.size,
    run: (trial) => new JobRun(job, trial, fixed).run(),
  };
}

/**
 * One run of a job: it starts, control actions and faults go on beside it, then faults end and it has
 * to come to its end, be idle, and have done everything once. In some runs it is then started again
 * from a checkpoint of its past and has to come to the same end.
 */
class JobRun {
  readonly #job: SimJob;
  readonly #size: number;
  readonly #settings: RunSettings;
  readonly #world: World;
  readonly #feed: Feed;
  readonly #control: Control;
  readonly #completions = new Completions();
  readonly #twoPhase = new TwoPhaseChecker(this.#completions);
  readonly #seals = new SealChecker(this.#completions);
  readonly #outputs: ExactlyOnce;
  readonly #actors: Actor[] = [];

  constructor(job: SimJob, { seed, plan, size }: Trial, fixed: Partial<RunSettings>) {
    this.#job = job;
    this.#size = size;
    this.#settings = { ...drawSettings(Stream.of(seed).fork("settings")), ...fixed };
    const deployment = new Deployment(job, size, this.#settings, (error, at) => {
      this.#world.recorder.note(this.#world.now, at, 0, `error: ${String(error)}`);
    });
    this.#feed = new Feed({
      job: job.name,
      settings: this.#settings,
      vanish: vanishes(plan),
      turnsMax: TURNS_LEAST + TURNS_PER_INPUT * size,
      now: () => this.#world.now,
      topology: (planHash) => deployment.ofPlan(planHash),
    });
    this.#outputs = new ExactlyOnce(job, size);
    this.#feed.add(
      ...allCheckers(this.#feed, this.#completions, this.#twoPhase),
      this.#seals,
      this.#outputs,
    );
    this.#world = new World({
      seed,
      plan,
      observers: [this.#feed],
      createContainer: (ports) => deployment.container(ports),
      describe: describeCall,
      ...(this.#settings.oneFunction ? { functionOf: () => "job" } : {}),
      poisonResource: (queue, group) => {
        const { generation, subtask } = parseGroup(group);
        return partitionOf(job.name, generation, { vertex: vertexOf(job.name, queue), subtask });
      },
    });
    const { blobs, queues } = this.#world.services;
    queues.isData = (queue, body) => isDataFor(deployment.current, queue, body);
    deployment.taskFactory = (factory) =>
      new CarriedStateChecker(factory, blobs, (violation) => this.#world.fail(violation));
    deployment.onDeploy = () => this.#world.retireContainers();
    this.#control = new Control(deployment);
  }

  run(): Promise<Outcome> {
    return conclude(
      this.#world,
      () => this.#feed.turns,
      () => this.#live(),
    );
  }

  async #live(): Promise<void> {
    const world = this.#world;
    this.#actors.push(world.actor("start", this.#control.first()));
    this.#settings.actions.forEach((action, index) => {
      const name = `${action.kind}-${index + 1}`;
      const atMs = action.at * this.#job.spanMs(this.#size);
      this.#actors.push(world.actor(name, this.#control.planned(name, action), atMs));
    });
    await this.#within(FAULTY_MS, () => this.#actorsDone() && this.#isOver());
    world.faultsOff();
    await this.#toItsEnd();
    await this.#rest();
    if (this.#job.endless === true) await this.#stop("last-stop");
    if (this.#settings.replays) await this.#replay();
  }

  /** Without faults the job comes to its end, when somebody sees to it that it runs. */
  async #toItsEnd(): Promise<void> {
    for (let round = 1; ; round += 1) {
      const actor = this.#world.actor(`settle-${this.#actors.length}`, this.#control.settle());
      this.#actors.push(actor);
      if (await this.#within(LIVENESS_MS, () => this.#actorsDone() && this.#isOver())) return;
      if (this.#job.endless === true && this.#actorsDone() && this.#phase === "running") return;
      if (this.#actorsDone() && this.#phase !== "running" && round < ROUNDS_MAX) continue;
      const waiting = this.#actors.filter(({ isDone }) => !isDone).map(({ name }) => name);
      throw new Violation(
        "LIVENESS",
        `without faults the job is ${this.#phase} after round ${round}${waiting.length === 0 ? "" : `, not done: ${waiting.join(", ")}`}`,
      );
    }
  }

  /** Everything drains, then nobody does anything, and all is as it has to be. */
  async #rest(): Promise<void> {
    const world = this.#world;
    try {
      await world.drain(30 * DAY);
    } catch (error) {
      if (error instanceof OutOfTimeError) throw new Violation("DRAIN", error.message);
      throw error;
    }
    const backlog = world.services.queues.backlog();
    if (backlog > 0) throw new Violation("DRAIN", `${backlog} messages are left in the queues`);
    try {
      await world.idle(DAY);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("idle:")) {
        throw new Violation("IDLE", error.message);
      }
      throw error;
    }
    this.#feed.atEnd();
  }

  /** An endless job is stopped: nothing more may come out than was there before. */
  async #stop(name: string): Promise<void> {
    const action = this.#control.planned(name, { kind: "end", at: 0, parallelism: 1 });
    const actor = this.#world.actor(name, action);
    if (!(await this.#within(LIVENESS_MS, () => actor.isDone && this.#phase === "stopped"))) {
      throw new Violation("LIVENESS", `without faults the job is not stopped but ${this.#phase}`);
    }
    await this.#rest();
  }

  /** From any completed checkpoint the same end is reached. */
  async #replay(): Promise<void> {
    const kept = [...this.#feed.retained];
    const last = this.#completions.latest;
    const chosen = kept.find(({ checkpoint }) => checkpoint < last) ?? kept[0];
    if (chosen === undefined) return;
    const { checkpoint, metadataKey } = chosen;
    this.#outputs.forget(checkpoint, last);
    this.#twoPhase.forget(checkpoint);
    this.#seals.replays = true;
    const name = `replay of ${checkpoint}`;
    this.#actors.push(this.#world.actor(name, this.#control.replay(name, metadataKey)));
    await this.#within(HOUR, () => this.#actorsDone());
    await this.#toItsEnd();
    await this.#rest();
    if (this.#job.endless === true) await this.#stop("stop-after-replay");
  }

  get #phase(): string {
    return this.#feed.record?.phase ?? "nowhere";
  }

  #isOver(): boolean {
    return this.#phase === "finished";
  }

  #actorsDone(): boolean {
    return this.#actors.every(({ isDone }) => isDone);
  }

  /** Whether it happens within the time. */
  async #within(ms: number, done: () => boolean): Promise<boolean> {
    try {
      await this.#world.runUntil(done, ms);
      return true;
    } catch (error) {
      if (error instanceof OutOfTimeError) return false;
      throw error;
    }
  }
}

function vanishes({ rates, only }: FaultPlan): boolean {
  if ((rates.vanish ?? 0) > 0 || (rates.lose ?? 0) > 0) return true;
  return (only ?? []).some((each) => /^(?:vanish|lose)@/.test(each));
}

/** Not what a source tells itself: nobody sends it anything that would show the gap. */
function isDataFor(topology: JobTopology, queue: string, body: Uint8Array): boolean {
  const { content } = decodeMessage(body);
  if (content.kind !== "channel" || !content.data) return false;
  return !topology.isSource(vertexOf(topology.job, queue));
}
