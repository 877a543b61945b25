import { rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { describeFlightsRecovery } from "./flights-recovery.ts";
import { allFlights } from "./flights-slice.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-recovery-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeFlightsRecovery({
  input: async () => allFlights,
  folder,
  intervalMs: 500,
  repetitions: Number(process.env["MILLRACE_RUNS"] ?? 3),
  timeoutMs: 900_000,
  command: "npm run test:recovery",
});
