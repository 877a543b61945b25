/**
 * One run of a job whose sink takes a million records a second, about a tenth of what the source
 * can give; prints its peak memory in MB. `bench/run.ts` compares runs of different lengths.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Sink, WatermarkStrategy, defineJob, generatorSource, runJob } from "../index.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const RECORDS_PER_MS = 1_000;
const WAITING_MAX = 10_000;

/** Takes 1,000 records a millisecond; more than 10,000 waiting ones make it say so. */
function slowSink(): Sink<unknown> {
  return {
    describe: "slow",
    guarantee: "none",
    createWriter: () => {
      const start = performance.now();
      let written = 0;
      const waiting = (): number => written - (performance.now() - start) * RECORDS_PER_MS;
      return {
        write: () => {
          written += 1;
        },
        backlog: () =>
          waiting() < WAITING_MAX
            ? null
            : (async (): Promise<void> => {
                while (waiting() > 0) await sleep(1);
              })(),
      };
    },
  };
}

const job = defineJob({
  name: "slow-sink",
  checkpointing: false,
  build(env) {
    env
      .fromSource(
        generatorSource({ generate: (index) => ({ index, text: `record ${index}` }), count }),
        WatermarkStrategy.noWatermarks(),
        "records",
      )
      .rebalance()
      .map((record) => ({ ...record, seen: true }))
      .sinkTo(slowSink());
  },
});
const handle = await runJob(job);
await handle.result;
process.stdout.write(`${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
