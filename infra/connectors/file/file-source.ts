import type { OrderedEnumeratorState, Source } from "../../../core/connector/index.ts";
import { OrderedEnumerator, PrefetchingReader } from "../../../core/connector/index.ts";
import { UsageError, show } from "../../../core/errors.ts";
import type { BlockFormat, FileFormat, FileSplit } from "./file-format.ts";
import { isGzip } from "./byte-stream.ts";
import { lineBlocks } from "./line-blocks.ts";
import { listFiles } from "./list-files.ts";

export interface FileSourceOptions<T> {
  /** A file, a folder (with all folders below) or a glob such as `data/*.parquet`; or several. */
  readonly path: string | readonly string[];
  /** `parquet()`, `ndjson()`, `text()`, or your own. */
  readonly format: FileFormat<T>;
  /** Bytes of one split of a text file, 64 MB by default. Gzip files are one split each. */
  readonly splitBytes?: number;
}

/** State of the enumerator of a `fileSource`. */
export type FileSourceState = OrderedEnumeratorState<FileSplit>;

/** Files whose footers are read at the same time. */
const PLANS_AT_ONCE = 8;

/**
 * Reads files once, from the first to the last record. Files are sorted by path and cut into splits
 * (row groups, byte ranges), which are handed out in file order. A StorageError if a file is
 * missing or a folder or glob holds none; a DataError if a file is not of the format.
 *
 * @example
 * fileSource({ path: "data/2024-*.ndjson.gz", format: ndjson<Order>() });
 */
export function fileSource<T>(
  options: FileSourceOptions<T>,
): Source<T, FileSplit, FileSourceState> {
  const paths = typeof options.path === "string" ? [options.path] : [...options.path];
  if (paths.length === 0 || !paths.every((path) => typeof path === "string" && path !== "")) {
    throw new UsageError(`fileSource: "path" names no file (got ${show(options.path)})`, {
      code: "USAGE_FILE_PATH",
      hint: "give the path of a file or folder, a glob, or an array of them",
    });
  }
  const { format } = options;
  const blocks = format.kind === "lines" ? lineBlocks(format, options) : format;
  const splits = { splitId, workLeft, open: (split: FileSplit) => blocks.open(split) };
  return {
    describe: `file(${paths.join(", ")}, ${format.describe})`,
    boundedness: "bounded",
    replayable: true,
    splitId,
    createEnumerator: (context, state) =>
      new OrderedEnumerator(
        context,
        { discover: () => discover(paths, blocks), compare, workLeft },
        state,
      ),
    createReader: (context) => new PrefetchingReader(context, splits),
  };
}

function splitId(split: FileSplit): string {
  return `${split.path}#${split.start}`;
}

/** In records where their number is known, else in bytes; a gzip file counts until it is finished. */
function workLeft(split: FileSplit): number {
  if (split.records !== undefined) return split.records - split.position;
  if (isGzip(split.path)) return split.end - split.start;
  return Math.max(0, split.end - split.resumeAt);
}

/** By path, then by position in the file. */
function compare(left: FileSplit, right: FileSplit): number {
  if (left.path !== right.path) return left.path < right.path ? -1 : 1;
  return left.start - right.start;
}

async function discover<T>(
  paths: readonly string[],
  format: BlockFormat<T>,
): Promise<readonly FileSplit[]> {
  const files = await listFiles(paths);
  const splits: FileSplit[] = [];
  for (let at = 0; at < files.length; at += PLANS_AT_ONCE) {
    const plans = files.slice(at, at + PLANS_AT_ONCE).map((path) => planFile(path, format));
    for (const plan of await Promise.all(plans)) splits.push(...plan);
  }
  return splits;
}

async function planFile<T>(path: string, format: BlockFormat<T>): Promise<FileSplit[]> {
  const ranges = await format.plan(path);
  return ranges.map((range) => ({
    ...range,
    path,
    position: 0,
    resumeAt: range.start,
    resumePosition: 0,
  }));
}
