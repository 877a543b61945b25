import { partitionOf, parseGroup, vertexOf } from "../../core/protocol/address.ts";
import { allCheckers } from "./checkers/all.ts";
import { Completions } from "./checkers/completions.ts";
import { Feed } from "./checkers/feed.ts";
import { ExactlyOnce } from "./checkers/outputs.ts";
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
const FAULTY_MS = 12 * HOUR;
/** Without faults everything has to come to its end in this time. */
const LIVENESS_MS = 12 * HOUR;

/** A job as a scenario. `fixed` replaces what is drawn of its settings. */
export function jobScenario(job: SimJob, fixed: Partial<RunSettings> = {}): Scenario {
  return { name: job.name, size: job.size, run: (trial) => runJob(job, trial, fixed) };
}

function runJob(job: SimJob, trial: Trial, fixed: Partial<RunSettings>): Promise<Outcome> {
  const { seed, plan, size } = trial;
  const drawn = drawSettings(Stream.of(seed).fork("settings"));
  const settings: RunSettings = { ...drawn, ...fixed };
  const deployment = new Deployment(job, size, settings, (error, at) => {
    world.recorder.note(world.now, at, 0, `error: ${String(error)}`);
  });
  const feed = new Feed({
    job: job.name,
    settings,
    vanish: vanishes(plan),
    now: () => world.now,
    topology: (planHash) => deployment.ofPlan(planHash),
  });
  const completions = new Completions();
  const twoPhase = new TwoPhaseChecker(completions);
  const outputs = new ExactlyOnce(job, size);
  feed.add(...allCheckers(feed, completions, twoPhase), outputs);
  const world = new World({
    seed,
    plan,
    observers: [feed],
    createContainer: (ports) => deployment.container(ports),
    describe: describeCall,
    ...(settings.oneFunction ? { functionOf: () => "job" } : {}),
    poisonResource: (queue, group) => {
      const { generation, subtask } = parseGroup(group);
      return partitionOf(job.name, generation, { vertex: vertexOf(job.name, queue), subtask });
    },
  });
  deployment.onDeploy = () => world.retireContainers();
  const control = new Control(deployment);
  return conclude(
    world,
    () => feed.turns,
    () => liveOf(world, feed, control, { job, size, settings }),
  );
}

function vanishes({ rates, only }: FaultPlan): boolean {
  return (rates.vanish ?? 0) > 0 || (only ?? []).some((each) => each.startsWith("vanish@"));
}

async function liveOf(
  world: World,
  feed: Feed,
  control: Control,
  { job, size, settings }: { job: SimJob; size: number; settings: RunSettings },
): Promise<void> {
  const actors = [world.actor("start", control.first())];
  settings.actions.forEach((action, index) => {
    const name = `${action.kind}-${index + 1}`;
    const atMs = action.at * job.spanMs(size);
    actors.push(world.actor(name, control.planned(name, action), atMs));
  });
  const isOver = (): boolean =>
    actors.every(({ isDone }) => isDone) && feed.record?.phase === "finished";
  await world.runUntil(isOver, FAULTY_MS).catch((error: unknown) => {
    if (!(error instanceof OutOfTimeError)) throw error;
  });
  world.faultsOff();
  await settle(world, feed, control, () => actors.every(({ isDone }) => isDone));
  try {
    await world.drain(30 * DAY);
  } catch (error) {
    if (error instanceof OutOfTimeError) throw new Violation("DRAIN", error.message);
    throw error;
  }
  const backlog = world.services.queues.backlog();
  if (backlog > 0) throw new Violation("DRAIN", `${backlog} messages are left in the queues`);
  await world.idle(DAY);
  feed.atEnd();
}

/** Without faults the job comes to its end, when somebody sees to it that it runs. */
async function settle(
  world: World,
  feed: Feed,
  control: Control,
  actorsDone: () => boolean,
): Promise<void> {
  for (let round = 1; feed.record?.phase !== "finished" || !actorsDone(); round += 1) {
    const actor = world.actor(`settle-${round}`, control.settle());
    const rest = (): boolean => actor.isDone && actorsDone() && feed.record?.phase === "finished";
    try {
      await world.runUntil(rest, LIVENESS_MS);
    } catch (error) {
      if (!(error instanceof OutOfTimeError)) throw error;
      if (round < 3 && feed.record?.phase !== "running") continue;
      const phase = feed.record?.phase ?? "none";
      throw new Violation("LIVENESS", `without faults the job is ${phase} after ${round} rounds`);
    }
  }
}
