import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outputLines, unbalanced } from "./flights-output.ts";
import {
  type Scenario,
  type Setup,
  bundleFlightsProcess,
  runFlights,
  runScenario,
} from "./flights-scenario.ts";
import { type Flight, readFlights } from "./flights-slice.ts";
import { Random, seedOfRun } from "./random.ts";
import { type StepKind, stepKinds } from "./steps.ts";

export interface RecoveryOptions {
  readonly input: () => Promise<string>;
  readonly folder: string;
  readonly intervalMs: number;
  /** How often each scenario is played, with other draws each time. */
  readonly repetitions: number;
  readonly timeoutMs: number;
  /** What plays a failure again, after `MILLRACE_SEED=n `. */
  readonly command: string;
}

const parallelisms: readonly Scenario["parallelism"][] = [[1], [3], [3, 3, 2]];

function describeParallelism(parallelism: Scenario["parallelism"]): string {
  const last = parallelism.at(-1);
  return last === parallelism[0] ? `${last}` : `${parallelism[0]}, restored at ${last}`;
}

/**
 * The proof of exactly-once: the flights job as a process, killed in every kind of step and
 * restarted until it finishes.
 */
export function describeFlightsRecovery(options: RecoveryOptions): void {
  const seed = seedOfRun();
  const kills = new Map<StepKind, number>(stepKinds.map((kind) => [kind, 0]));
  const restarts: (number | null)[] = [];
  let lateLines = 0;
  let setup: Setup;
  let flights: readonly Flight[];
  let undisturbed: readonly string[];

  async function play(scenario: Scenario, repetition: number, name: string): Promise<string> {
    const draws = new Random(seed + repetition * 1_000 + name.length);
    const folder = join(options.folder, `${name}-${repetition}`.replaceAll(/[^a-z0-9]+/g, "-"));
    const result = await runScenario(setup, scenario, folder, draws);
    for (const { kind } of result.kills) kills.set(kind, (kills.get(kind) ?? 0) + 1);
    restarts.push(...result.restarts);
    return folder;
  }

  describe(`the flights job, killed and restarted (replay: MILLRACE_SEED=${seed} ${options.command})`, () => {
    beforeAll(async () => {
      mkdirSync(options.folder, { recursive: true });
      const script = await bundleFlightsProcess(options.folder);
      const input = await options.input();
      flights = await readFlights(input);
      const output = join(options.folder, "undisturbed");
      const reports = await runFlights(script, {
        input,
        output,
        checkpointDir: join(options.folder, "undisturbed-checkpoints"),
        bound: "30h",
        parallelism: 1,
        intervalMs: options.intervalMs,
        from: null,
        kill: null,
      });
      const finished = reports.at(-1);
      if (finished?.kind !== "finished") throw new Error("the undisturbed run did not finish");
      setup = { script, input, intervalMs: options.intervalMs, counts: finished.counts };
      undisturbed = outputLines(join(output, "hourly"));
    }, options.timeoutMs);

    test(
      "without a kill counts every flight once, none of them late",
      () => {
        expect(unbalanced(flights, undisturbed, [])).toEqual([]);
      },
      options.timeoutMs,
    );

    const repetitions = Array.from({ length: options.repetitions }, (_, repetition) => repetition);
    const plays = parallelisms.flatMap((parallelism) =>
      repetitions.map((repetition) => {
        const name = describeParallelism(parallelism);
        const title = `parallelism ${name}, play ${repetition + 1}`;
        return [title, { parallelism, repetition, name }] as const;
      }),
    );

    test.each(plays)(
      "at bound 30h writes the same lines as an undisturbed run (%s)",
      async (_title, { parallelism, repetition, name }) => {
        const folder = await play({ bound: "30h", parallelism }, repetition, `30h ${name}`);
        expect(outputLines(join(folder, "out/late"))).toEqual([]);
        const lines = outputLines(join(folder, "out/hourly"));
        expect(lines.length).toBe(undisturbed.length);
        expect(lines.join("\n") === undisturbed.join("\n")).toBe(true);
      },
      options.timeoutMs,
    );

    test.each(plays)(
      "at bound 12h counts every flight in one row, or writes it once as late (%s)",
      async (_title, { parallelism, repetition, name }) => {
        const folder = await play({ bound: "12h", parallelism }, repetition, `12h ${name}`);
        const hourly = outputLines(join(folder, "out/hourly"));
        const late = outputLines(join(folder, "out/late"));
        expect(unbalanced(flights, hourly, late).slice(0, 10)).toEqual([]);
        lateLines += late.length;
      },
      options.timeoutMs,
    );

    test("was killed in every kind of step, mostly went on from a checkpoint, and had late records", () => {
      expect(lateLines).toBeGreaterThan(0);
      for (const kind of stepKinds) {
        expect(kills.get(kind), `kills in ${kind}`).toBeGreaterThan(0);
      }
      const restored = restarts.filter((checkpoint) => checkpoint !== null && checkpoint > 0);
      expect(restored.length / restarts.length).toBeGreaterThan(0.5);
    });

    afterAll(() => {
      const counts = [...kills].map(([kind, count]) => `${kind} ${count}`).join(", ");
      const restored = restarts.filter((checkpoint) => checkpoint !== null).length;
      console.log(
        `flights recovery: seed ${seed}; kills: ${counts}; ${restored} of ${restarts.length} restarts from a checkpoint; ${lateLines} late lines`,
      );
    });
  });
}
