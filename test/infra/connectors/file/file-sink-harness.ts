import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach } from "vitest";
import type {
  Sink,
  SinkPrepareContext,
  SinkWriter,
  SinkWriterContext,
} from "../../../../core/connector/index.ts";
import type { Gauge, MetricGroup } from "../../../../core/ports/index.ts";
import type { FileCommittable } from "../../../../infra/connectors/file/file-sink-committer.ts";
import type { LineFormat } from "../../../../infra/connectors/file/file-format.ts";

export const RUN = "5e1f00d1";
export const UID = "files";

export const lines: LineFormat<string> = {
  kind: "lines",
  describe: "lines",
  extension: "txt",
  blankLines: "keep",
  decode: (line) => line,
  encode: (value) => value,
};

/** A metric group whose gauges and counters a test can read. */
export function recordedMetrics() {
  const gauges = new Map<string, Gauge>();
  const counts = new Map<string, number>();
  const metrics: MetricGroup = {
    counter: (name) => ({
      inc: (by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
      get count() {
        return counts.get(name) ?? 0;
      },
    }),
    gauge: (name, gauge) => void gauges.set(name, gauge),
    histogram: () => {
      throw new Error("the file sink has no histogram");
    },
    addGroup: () => metrics,
  };
  return { metrics, gauges, counts };
}

export function writerContext(overrides: Partial<SinkWriterContext> = {}): SinkWriterContext {
  return {
    uid: UID,
    runId: RUN,
    subtask: 0,
    parallelism: 1,
    writerId: "writer",
    firstIndex: 0,
    lastCheckpoint: 0,
    clock: { now: () => 0 },
    metrics: recordedMetrics().metrics,
    print: () => {},
    ...overrides,
  };
}

export function prepareContext(
  overrides: Partial<SinkPrepareContext<FileCommittable>> = {},
): SinkPrepareContext<FileCommittable> {
  return {
    uid: UID,
    runId: RUN,
    restoredCheckpoint: null,
    committables: [],
    retained: [],
    notice: () => {},
    ...overrides,
  };
}

const folders: string[] = [];

/** A new folder that is deleted after the test. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-file-sink-"));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const folder of folders.splice(0)) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** All files below a folder, relative and sorted; hidden ones only when asked for. */
export async function filesIn(folder: string, hidden = false): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && (hidden || !entry.name.startsWith(".")))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** The lines of all finished files, sorted. */
export async function linesIn(folder: string): Promise<string[]> {
  const all: string[] = [];
  for (const file of await filesIn(folder)) {
    const text = await readFile(join(folder, file), "utf8");
    if (!text.endsWith("\n")) throw new Error(`${file} ends within a line`);
    all.push(...text.slice(0, -1).split("\n"));
  }
  return all.sort();
}

export async function cut<T>(
  writer: SinkWriter<T, FileCommittable>,
  checkpoint: number,
): Promise<readonly FileCommittable[]> {
  return (await writer.prepareCommit?.(checkpoint)) ?? [];
}

export async function commit<T>(
  sink: Sink<T, FileCommittable>,
  committables: readonly FileCommittable[],
): Promise<void> {
  await sink.createCommitter?.().commit(committables);
}
