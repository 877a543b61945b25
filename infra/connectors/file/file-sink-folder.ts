import { lstat, readdir, rename, unlink, writeFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import type { SinkPrepareContext } from "../../../core/connector/index.ts";
import { UsageError } from "../../../core/errors.ts";
import { makeFolder } from "../../make-folder.ts";
import type { FileCommittable } from "./file-sink-committer.ts";
import { errorCode, fileSinkError } from "./file-sink-errors.ts";
import type { PartNames } from "./file-sink-names.ts";

/** What a fresh start does with finished files that are already there. */
export type ExistingFiles = "keep" | "set-aside" | "refuse";

/** What lies in the folder of a sink. */
interface FolderContents {
  /** Files that a reader sees. */
  readonly visible: number;
  /** In-progress files of this run and sink. */
  readonly hidden: readonly string[];
  /** Finished files of this run and sink, with their checkpoint. */
  readonly finished: readonly { readonly path: string; readonly checkpoint: number }[];
}

type Context = SinkPrepareContext<FileCommittable>;

/** Before a fresh start: applies `existing`, and makes sure that the folder can be written. */
export async function prepareFresh(
  root: string,
  names: PartNames,
  existing: ExistingFiles,
  context: Context,
): Promise<void> {
  const contents = await contentsOf(root, names);
  if (contents.visible > 0) await applyExisting(root, contents.visible, existing, context);
  await makeWritable(root, names);
  const movedAway = contents.visible > 0 && existing === "set-aside";
  if (!movedAway) await deleteAll(unnamed(contents.hidden, context.retained));
}

/**
 * Before a restored run goes on: deletes in-progress files that neither the checkpoint nor a
 * savepoint names, and hides finished files of later checkpoints, because their records come again (there
 * are some when the checkpoint is not the latest one).
 */
export async function prepareRestored(
  root: string,
  names: PartNames,
  checkpoint: number,
  context: Context,
): Promise<void> {
  const contents = await contentsOf(root, names);
  await makeWritable(root, names);
  await deleteAll(unnamed(contents.hidden, [...context.committables, ...context.retained]));
  const later = contents.finished.filter((file) => file.checkpoint > checkpoint);
  for (const file of later) await hide(file.path);
  if (later.length > 0) {
    context.notice(
      `${root}: ${files(later.length)} of checkpoints after ${checkpoint} ${later.length === 1 ? "is" : "are"} hidden (renamed to .*.superseded), because their records are written again`,
    );
  }
}

function unnamed(
  hidden: readonly string[],
  committables: readonly FileCommittable[],
): readonly string[] {
  const named = new Set(committables.map((each) => resolve(each.directory, each.hidden)));
  return hidden.filter((path) => !named.has(resolve(path)));
}

async function applyExisting(
  root: string,
  count: number,
  existing: ExistingFiles,
  context: Context,
): Promise<void> {
  switch (existing) {
    case "keep":
      context.notice(
        `${root}: ${files(count)} ${count === 1 ? "is" : "are"} kept, new ones are added beside ${count === 1 ? "it" : "them"}`,
      );
      return;
    case "set-aside": {
      const aside = await firstFree(root);
      await rename(root, aside).catch((cause: unknown) => {
        throw fileSinkError("set aside", root, cause);
      });
      context.notice(
        `${root}: ${files(count)} of an earlier run ${count === 1 ? "is set aside, it is" : "are set aside, they are"} in ${aside} now`,
      );
      return;
    }
    case "refuse":
      throw new UsageError(`${root} already holds ${files(count)}`, {
        code: "FILE_SINK_EXISTING",
        hint: 'choose another path, move the files away, or set existing: "keep" or "set-aside"',
      });
  }
}

async function firstFree(root: string): Promise<string> {
  const base = root.replace(/\/+$/, "");
  for (let k = 1; ; k++) {
    if (!(await exists(`${base}.previous-${k}`))) return `${base}.previous-${k}`;
  }
}

async function hide(path: string): Promise<void> {
  const at = path.lastIndexOf(sep) + 1;
  const base = `${path.slice(0, at)}.${path.slice(at)}.superseded`;
  let target = base;
  for (let k = 2; await exists(target); k++) target = `${base}-${k}`;
  await rename(path, target).catch((cause: unknown) => {
    throw fileSinkError("rename", path, cause);
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return false;
    throw fileSinkError("read", path, cause);
  }
}

async function makeWritable(root: string, names: PartNames): Promise<void> {
  try {
    await makeFolder(root);
    const probe = join(root, names.probe);
    await writeFile(probe, "");
    await unlink(probe);
  } catch (cause) {
    throw fileSinkError("write to the folder", root, cause);
  }
}

async function deleteAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await unlink(path).catch((cause: unknown) => {
      if (errorCode(cause) !== "ENOENT") throw fileSinkError("delete", path, cause);
    });
  }
}

async function contentsOf(root: string, names: PartNames): Promise<FolderContents> {
  const hidden: string[] = [];
  const finished: { path: string; checkpoint: number }[] = [];
  let visible = 0;
  for (const entry of await entriesOf(root)) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (names.isHidden(entry.name)) hidden.push(path);
    if (isVisible(relative(root, path))) visible += 1;
    const checkpoint = names.checkpointOf(entry.name);
    if (checkpoint !== null) finished.push({ path, checkpoint });
  }
  return { visible, hidden, finished };
}

async function entriesOf(root: string): ReturnType<typeof readEntries> {
  try {
    return await readEntries(root);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return [];
    throw fileSinkError("write to the folder", root, cause);
  }
}

function readEntries(root: string) {
  return readdir(root, { recursive: true, withFileTypes: true });
}

function isVisible(path: string): boolean {
  return path.split(sep).every((name) => !name.startsWith("."));
}

function files(count: number): string {
  return count === 1 ? "1 finished file" : `${count} finished files`;
}
