import { rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { describeFlightsRecovery } from "./flights-recovery.ts";
import { flightsSlice } from "./flights-slice.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-recovery-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeFlightsRecovery({
  input: flightsSlice,
  folder,
  intervalMs: 20,
  repetitions: 1,
  timeoutMs: 120_000,
  command: "npx vitest run test/recovery",
});
