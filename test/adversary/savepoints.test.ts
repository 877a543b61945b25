import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WatermarkStrategy } from "../../index.ts";
import { fileSink, ndjson } from "../../infra/connectors/file/index.ts";
import {
  type Build,
  ManualSource,
  eventually,
  startJob,
  temporaryFolder,
} from "../infra/local/harness.ts";

test("a savepoint can be restored after its run went back to before it", async () => {
  const checkpointDir = temporaryFolder();
  const path = temporaryFolder();
  const source = new ManualSource<number>();
  let refusing = true;
  const build: Build = (env) => {
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
      .uid("numbers")
      .map((value) => {
        if (value === 3 && refusing) throw new Error("three");
        return value;
      })
      .uid("map")
      .sinkTo(fileSink({ path, format: ndjson() }))
      .uid("files");
  };
  const first = await startJob(build, {}, { checkpointDir });
  source.push(1, 2);
  await eventually(() => first.status().records === 2);
  const savepoint = await first.savepoint();
  source.push(3);
  await first.result.catch(() => undefined);
  const again = await startJob(build, {}, { checkpointDir });
  await again.result.catch(() => undefined);
  refusing = false;
  const restored = await startJob(build, {}, { checkpointDir, from: savepoint });
  source.end();
  await restored.result;
  const lines = readdirSync(path)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) => readFileSync(join(path, name), "utf8").trim().split("\n"));
  expect(lines.toSorted()).toEqual(["1", "2", "3"]);
});
