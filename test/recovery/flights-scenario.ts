import { join } from "node:path";
import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { runToReport } from "./child-process.ts";
import type { Random } from "./random.ts";
import {
  type Kill,
  type ProcessOptions,
  type ProcessReport,
  type StepKind,
  stepKinds,
} from "./steps.ts";

/** Bundles the process once; answers the script. */
export async function bundleFlightsProcess(folder: string): Promise<string> {
  const outfile = join(folder, "flights-process.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./flights-process.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    sourcemap: "inline",
  });
  return outfile;
}

/** Runs the process to its end or its kill. */
export function runFlights(
  script: string,
  options: ProcessOptions,
): Promise<readonly ProcessReport[]> {
  return runToReport<ProcessReport>(script, options);
}

export interface Setup {
  readonly script: string;
  readonly input: string;
  readonly intervalMs: number;
  /** Steps of each kind in an undisturbed run. */
  readonly counts: Readonly<Record<StepKind, number>>;
}

export interface Scenario {
  readonly bound: string;
  /** Of the processes, in their order; the last one stays. */
  readonly parallelism: readonly [number, ...number[]];
}

export interface ScenarioResult {
  readonly hourly: string;
  readonly late: string;
  /** Each kill with the step it happened in. */
  readonly kills: readonly { readonly kind: StepKind; readonly step: string }[];
  /** What every process after a kill started from; null: from the beginning. */
  readonly restarts: readonly (number | null)[];
}

/** Share of the kills that come after a checkpoint of their process; the others may be its first. */
const AFTER_A_CHECKPOINT = 0.8;

/** Kills the job once in each kind of step, in random order, and lets it finish then. */
export async function runScenario(
  setup: Setup,
  scenario: Scenario,
  folder: string,
  random: Random,
): Promise<ScenarioResult> {
  const output = join(folder, "out");
  const kills: { kind: StepKind; step: string }[] = [];
  const restarts: (number | null)[] = [];
  const plan: (Kill | null)[] = random
    .shuffled(stepKinds)
    .map((kind) => drawKill(setup, kind, random));
  for (const [index, kill] of [...plan, null].entries()) {
    const reports = await runFlights(setup.script, {
      input: setup.input,
      output,
      checkpointDir: join(folder, "checkpoints"),
      bound: scenario.bound,
      parallelism: scenario.parallelism[Math.min(index, scenario.parallelism.length - 1)] ?? 1,
      intervalMs: setup.intervalMs,
      from: null,
      kill,
    });
    for (const report of reports) {
      if (report.kind === "started" && index > 0) restarts.push(report.restoredFrom);
      if (report.kind === "killed" && kill !== null)
        kills.push({ kind: kill.kind, step: report.step });
    }
    if (reports.at(-1)?.kind === "finished") break;
  }
  return { hourly: join(output, "hourly"), late: join(output, "late"), kills, restarts };
}

/** Early enough that all kinds find room in one run. */
function drawKill(setup: Setup, kind: StepKind, random: Random): Kill {
  const last = Math.max(2, Math.floor(setup.counts[kind] / 8));
  const afterCheckpoints = random.next() < AFTER_A_CHECKPOINT ? 1 : 0;
  return { kind, k: random.integer(1, last), afterCheckpoints };
}
