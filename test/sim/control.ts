import { MillraceError } from "../../core/errors.ts";
import { unbounded } from "../../core/ports/index.ts";
import { JobControl } from "../../core/protocol/job-control.ts";
import type { JobRecord, StartFrom } from "../../core/protocol/job-record.ts";
import { JobTopology } from "../../core/protocol/job-topology.ts";
import type { Action, ActorContext } from "./actor.ts";
import type { Deployment } from "./deployment.ts";
import type { PlannedAction } from "./run-settings.ts";

/** A control action gives up waiting for something after this. */
const PATIENCE_MS = 3 * 3_600_000;
const LOOK_MS = 3_000;

/**
 * The control actions of a run, each such that it may die anywhere, be repeated, and meet others.
 */
export class Control {
  readonly #deployment: Deployment;
  /** By name of the action: what it found when it began first. */
  readonly #begun = new Map<string, number>();

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  /** The first start of the job. */
  first(): Action {
    return repeating(async (context) => {
      const control = this.#control(context);
      const record = await recordOf(control);
      // A later action's start that is under way is not its business.
      if (record !== null && (record.phase !== "sealing" || record.before !== null)) {
        if (record.phase === "running") await control.sendStarts(record);
        return;
      }
      await control.start({ from: "fresh" });
    });
  }

  planned(name: string, action: PlannedAction): Action {
    switch (action.kind) {
      case "savepoint":
      case "checkpoint":
        return this.#request(name, action.kind);
      case "stop":
        return this.#stop(name, action.parallelism);
      case "end":
        return this.#end(name);
      case "restore":
        return this.#restore(name, () => this.#deployment.current);
      case "rescale":
        return this.#restore(name, () =>
          this.#deployment.topology({ parallelism: action.parallelism, version: 1 }),
        );
      case "upgrade":
        return this.#restore(name, () =>
          this.#deployment.topology({ parallelism: action.parallelism, version: 2 }),
        );
    }
  }

  /** What a person does at last: sees to it that the job runs, with the code of its plan. */
  settle(): Action {
    return repeating(async (context) => {
      const control = this.#control(context);
      const record = await recordOf(control);
      if (record === null) return;
      // As every host does that finds it running: who started it may have died before the last of them.
      if (record.phase === "running") await control.sendStarts(record);
      if (record.phase === "stopped" || record.phase === "sealing" || asksForRestore(record)) {
        await control.start({ from: "latest" });
      }
      this.#deployPlanOf(await recordOf(control));
    });
  }

  /** Starts the job once more from a checkpoint of its past. */
  replay(name: string, metadataKey: string): Action {
    return this.#restore(name, () => this.#deployment.current, { metadataKey });
  }

  #request(name: string, kind: "savepoint" | "checkpoint"): Action {
    return repeating(async (context) => {
      const control = this.#control(context);
      if ((await recordOf(control))?.phase !== "running") return;
      await control.command({ kind }, name);
    });
  }

  #end(name: string): Action {
    return repeating(async (context) => {
      const control = this.#control(context);
      if ((await recordOf(control))?.phase !== "running") return;
      await control.command({ kind: "stop", drain: true }, name);
    });
  }

  #stop(name: string, parallelism: number): Action {
    return repeating(async (context) => {
      const control = this.#control(context);
      const before = await recordOf(control);
      const began = before?.phase === "running" || before?.phase === "stopped";
      if (before === null || !began) return;
      if (this.#isOld(name, before)) {
        // Its own start, which may have died before the last message, or that of another action.
        if (before.phase === "running") await control.sendStarts(before);
        return;
      }
      if (before.phase === "running") await control.command({ kind: "stop", drain: false }, name);
      if (!(await this.#isStopped(name, context))) return;
      const next = this.#deployment.topology({ parallelism, version: 1 });
      this.#deployment.deploy(next);
      await this.#control(context, next).start({ from: "latest" });
    });
  }

  async #isStopped(name: string, context: ActorContext): Promise<boolean> {
    const control = this.#control(context);
    for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
      await context.sleep(LOOK_MS);
      const overview = await control.overview();
      if (overview === null || this.#isOld(name, overview.record)) return false;
      if (overview.record.phase === "finished") return false;
      if (overview.record.phase === "stopped") return true;
      const request = overview.coordinator?.requests.find(({ requestId }) => requestId === name);
      if (request?.state === "failed") return false;
    }
    return false;
  }

  #restore(name: string, topology: () => JobTopology, from: StartFrom = "latest"): Action {
    return repeating(async (context) => {
      const next = topology();
      const control = this.#control(context, next);
      const before = await recordOf(control);
      if (before === null) return;
      const isReplay = from !== "latest";
      if (before.phase === "finished" && !isReplay) return;
      if (this.#isOld(name, before) && before.phase === "running") {
        await control.sendStarts(before);
        return this.#deployPlanOf(before);
      }
      if (before.phase === "sealing" && before.before === null && !isReplay) return;
      const early = context.ports.random.next() < 0.5;
      if (early) this.#deployment.deploy(next);
      await control.start({ from });
      this.#deployPlanOf(await recordOf(control));
    });
  }

  /** Whether a generation runs that is younger than the action. */
  #isOld(name: string, { generation }: JobRecord): boolean {
    const begun = this.#begun.get(name);
    if (begun === undefined) this.#begun.set(name, generation);
    return begun !== undefined && generation > begun;
  }

  #deployPlanOf(record: JobRecord | null): void {
    const topology = record === null ? null : this.#deployment.ofPlan(record.planHash);
    if (topology !== null) this.#deployment.deploy(topology);
  }

  #control({ ports }: ActorContext, topology = this.#deployment.current): JobControl {
    const bound = new JobTopology(this.#deployment.program(ports, topology));
    const options = { topology: bound, ports, codeHash: "sim", notice: () => undefined };
    return new JobControl(options, unbounded);
  }
}

async function recordOf(control: JobControl): Promise<JobRecord | null> {
  return (await control.overview())?.record ?? null;
}

/** An error that says so is taken at its word. */
function asksForRestore({ phase, failure }: JobRecord): boolean {
  return phase === "failed" && failure?.message.includes("restore the job") === true;
}

/** Errors that say "try again" are taken at their word. */
function repeating(action: Action): Action {
  return async (context) => {
    for (;;) {
      try {
        return await action(context);
      } catch (error) {
        if (!(error instanceof MillraceError) || !error.retryable) throw error;
        await context.sleep(500 + Math.floor(context.ports.random.next() * 20_000));
      }
    }
  };
}
