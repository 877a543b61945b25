import { afterAll, describe, expect, test } from "vitest";
import { outputLines } from "../../../recovery/flights-output.ts";
import { FunctionsBench } from "./harness.ts";

const bench = new FunctionsBench();
afterAll(() => bench.close());

describe("a job on functions", () => {
  test.each([1, 3])("gives what the embedded host gives (parallelism %i)", async (parallelism) => {
    const output = bench.newFolder();
    const handle = await bench.start({
      job: "sums",
      params: { output },
      commandLine: { parallelism },
    });
    const result = await handle.result;
    console.log(result);
    expect(outputLines(output)).toEqual(await bench.embedded("sums"));
  });
});
