import { buildJob } from "../../core/api/build-job.ts";
import type { FunctionPorts } from "../../core/protocol/function.ts";
import { JobFunctions } from "../../core/protocol/job-functions.ts";
import { JobTopology } from "../../core/protocol/job-topology.ts";
import type { UnitFactory } from "../../core/protocol/unit.ts";
import { WakeUpForwarder } from "../../core/protocol/wake-up.ts";
import type { Program } from "../../core/runtime/program.ts";
import type { ContainerCode } from "./container.ts";
import type { SimJob } from "./jobs/sim-job.ts";
import type { RunSettings } from "./run-settings.ts";
import { bindSinks } from "./sinks.ts";

/** What tells two builds of a job apart. */
export interface Build {
  readonly parallelism: number;
  readonly version: number;
}

/**
 * Which build of a job new containers run. Old containers go on with theirs: a deployment and the
 * start of its generation are two things.
 */
export class Deployment {
  readonly #job: SimJob;
  readonly #size: number;
  readonly #settings: RunSettings;
  readonly #built = new Map<string, JobTopology>();
  readonly #onError: (error: unknown, at: string) => void;
  #current: JobTopology;
  /** Told when another build was deployed. */
  onDeploy: () => void = () => undefined;
  /** What the live tasks are made with, from what usually makes them. */
  taskFactory: (factory: UnitFactory) => UnitFactory = (factory) => factory;

  constructor(
    job: SimJob,
    size: number,
    settings: RunSettings,
    onError: (error: unknown, at: string) => void,
  ) {
    this.#job = job;
    this.#size = size;
    this.#settings = settings;
    this.#onError = onError;
    this.#current = this.topology({ parallelism: settings.parallelism, version: 1 });
  }

  get current(): JobTopology {
    return this.#current;
  }

  topology({ parallelism, version }: Build): JobTopology {
    const name = `${parallelism}/${version}`;
    const known = this.#built.get(name);
    if (known !== undefined) return known;
    const size = this.#size;
    const { checkpointMs, checkpointTimeoutMs, attempts } = this.#settings;
    const options = { size, parallelism, version, checkpointMs, checkpointTimeoutMs, attempts };
    const { program } = buildJob(this.#job.make(options));
    const topology = new JobTopology(program);
    this.#built.set(name, topology);
    return topology;
  }

  /** The build with a plan; null: no such build was made. */
  ofPlan(planHash: string): JobTopology | null {
    for (const topology of this.#built.values()) {
      if (topology.program.plan.planHash === planHash) return topology;
    }
    return null;
  }

  deploy(topology: JobTopology): void {
    if (topology === this.#current) return;
    this.#current = topology;
    this.onDeploy();
  }

  /** The current build with the sinks of a process. */
  program(ports: FunctionPorts, topology: JobTopology = this.#current): Program {
    return bindSinks(topology.program, ports);
  }

  container(ports: FunctionPorts): ContainerCode {
    const { credits, bounds, turnMs, warmBytesMax } = this.#settings;
    const { acknowledgementSetFrom, reorderMessagesMax } = this.#settings;
    const functions = new JobFunctions({
      topology: new JobTopology(this.program(ports)),
      ports,
      codeHash: "sim",
      creditsPerChannel: credits,
      bounds,
      turnMs,
      warmBytesMax,
      acknowledgementSetFrom,
      reorderMessagesMax,
      print: () => undefined,
      taskFactory: this.taskFactory,
      onError: this.#onError,
    });
    const timer = new WakeUpForwarder(ports);
    return { queueFunction: (queue) => functions.queueFunction(queue), timer };
  }
}
