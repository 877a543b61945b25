import type { Sink } from "../../../core/connector/index.ts";
import { type Duration, durationMs } from "../../../core/duration.ts";
import { UsageError, show } from "../../../core/errors.ts";
import type { LineFormat } from "./file-format.ts";
import { type FileCommittable, FileCommitter, type OnFileSinkStep } from "./file-sink-committer.ts";
import { type ExistingFiles, prepareFresh, prepareRestored } from "./file-sink-folder.ts";
import { PartNames } from "./file-sink-names.ts";
import { type FileSinkLimits, FileWriter, fileSinkLimits } from "./file-sink-writer.ts";

export interface FileSinkOptions<T> {
  /** The folder; made when it is not there. A relative path starts at the working directory. */
  readonly path: string;
  /** How a record becomes a line, e.g. `ndjson()`. */
  readonly format: LineFormat<T>;
  /** The sub folder of a record, e.g. its day. Default: all records in one folder. */
  readonly partitionBy?: (value: T) => string;
  /** When a file is closed before the next checkpoint closes it anyway. */
  readonly rolling?: {
    /** About this many bytes. Default 128 MiB. */
    readonly bytes?: number;
    /** This long after its first record, in processing time. Default 5 minutes. */
    readonly age?: Duration;
  };
  /**
   * What a fresh start does when the folder holds files: `keep` them and add new ones beside them
   * (the default), `set-aside`: rename the folder to `<path>.previous-1`, or `refuse` to start.
   */
  readonly existing?: ExistingFiles;
}

const DEFAULT_BYTES = 134_217_728;
const DEFAULT_AGE: Duration = { minutes: 5 };

/**
 * Writes records as lines of files, exactly once: files are hidden while they grow, are closed at
 * every checkpoint, and get their names when it is complete. A reader that skips names with a
 * leading dot never sees a half-written or doubled line.
 *
 * @throws UsageError USAGE_FILE_SINK, USAGE_DURATION for options that cannot be used
 * @example
 * rows.sinkTo(fileSink({ path: "out/hourly", format: ndjson(), partitionBy: (row) => day(row.windowStart) }))
 * // out/hourly/2001-01-31/part-5e1f00d1-hourly-files-0-7-0.ndjson
 */
export function fileSink<T>(options: FileSinkOptions<T>): Sink<T, FileCommittable> {
  return fileSinkWithin(options, fileSinkLimits);
}

/** A `fileSink` with bounds of its own. */
export function fileSinkWithin<T>(
  options: FileSinkOptions<T>,
  limits: FileSinkLimits,
): Sink<T, FileCommittable> {
  const { path, format } = options;
  const partitionBy = options.partitionBy ?? null;
  const existing = options.existing ?? "keep";
  checkOptions(options);
  const rollBytes = options.rolling?.bytes ?? DEFAULT_BYTES;
  const rollAgeMs = durationMs(options.rolling?.age ?? DEFAULT_AGE, "fileSink rolling.age");
  let progress: ((event: string) => void) | null = null;
  const onStep: OnFileSinkStep = (step, file) => progress?.(`${step} ${file}`);
  return {
    describe: `files(${path})`,
    guarantee: "exactly-once",
    async prepare(context) {
      progress = context.progress === undefined ? null : (event) => context.progress?.(event);
      const names = new PartNames(context.runId, context.uid, format.extension);
      if (context.restoredCheckpoint === null) await prepareFresh(path, names, existing, context);
      else await prepareRestored(path, names, context.restoredCheckpoint, context);
    },
    createWriter: ({ runId, uid, subtask, firstIndex, clock, metrics }) =>
      new FileWriter({
        root: path,
        format,
        partitionBy,
        rollBytes,
        rollAgeMs,
        names: new PartNames(runId, uid, format.extension),
        subtask,
        firstIndex,
        clock,
        metrics,
        onStep,
        limits,
      }),
    createCommitter: () => new FileCommitter(onStep),
  };
}

function checkOptions<T>(options: FileSinkOptions<T>): void {
  const { path, format, partitionBy, existing = "keep", rolling } = options;
  if (typeof path !== "string" || path.trim() === "") {
    throw unusable("path", path, "give the folder that the files go to");
  }
  if (format?.kind !== "lines" || typeof format.encode !== "function") {
    throw unusable("format", format, "give a format of lines, for instance ndjson()");
  }
  if (partitionBy !== undefined && typeof partitionBy !== "function") {
    throw unusable("partitionBy", partitionBy, "give a function from a record to a folder's name");
  }
  if (!["keep", "set-aside", "refuse"].includes(existing)) {
    throw unusable("existing", existing, 'choose "keep", "set-aside" or "refuse"');
  }
  if (rolling?.bytes !== undefined && !(Number.isSafeInteger(rolling.bytes) && rolling.bytes > 0)) {
    throw unusable("rolling.bytes", rolling.bytes, "give a whole number of bytes above zero");
  }
}

function unusable(option: string, value: unknown, hint: string): UsageError {
  return new UsageError(`fileSink: "${option}" cannot be used (got ${show(value)})`, {
    code: "USAGE_FILE_SINK",
    hint,
  });
}
