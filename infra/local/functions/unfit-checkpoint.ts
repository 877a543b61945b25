import { planRestore } from "../../../core/checkpoint/index.ts";
import { loadCheckpoint } from "../../../core/protocol/checkpoint-store.ts";
import type { JobOverview } from "../../../core/protocol/job-control.ts";
import type { StartFrom } from "../../../core/protocol/job-record.ts";
import type { JobTopology } from "../../../core/protocol/job-topology.ts";
import type { FilePorts } from "./file-ports.ts";

/**
 * Throws what a start would throw, but before the start has ended what is there: a checkpoint that
 * does not fit the job must cost nothing.
 */
export async function refuseUnfit(
  from: StartFrom,
  overview: JobOverview | null,
  job: {
    readonly topology: JobTopology;
    readonly ports: FilePorts;
    readonly allowNonRestoredState: boolean;
  },
): Promise<void> {
  const key = keyOf(from, overview);
  if (key === null) return;
  const { topology, ports, allowNonRestoredState } = job;
  const metadata = await loadCheckpoint(ports.blobs, key);
  planRestore(metadata, topology.program.plan.streamGraph.operators, { allowNonRestoredState });
}

function keyOf(from: StartFrom, overview: JobOverview | null): string | null {
  if (from === "fresh") return null;
  if (from !== "latest") return from.metadataKey;
  return overview?.coordinator?.completed.latest?.metadataKey ?? null;
}
