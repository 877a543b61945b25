import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { relativeTo } from "../../../core/checkpoint/file-references.ts";
import {
  type CheckpointMetadata,
  CheckpointStorage,
  type KeyedFileRef,
} from "../../../core/checkpoint/index.ts";
import { encodeMetadata } from "../../../core/checkpoint/metadata-file.ts";
import { RestoreError } from "../../../core/errors.ts";
import { crc32c } from "../../../core/record/index.ts";
import { FileBlobStore } from "../file-blob-store.ts";

const METADATA = "_metadata";

/** The folder with a `_metadata` that a path of the user's means; null: it is no path of one. */
export function checkpointFolder(path: string): string | null {
  const full = resolve(path);
  const folder = basename(full) === METADATA ? dirname(full) : full;
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
  if (basename(path) === path) return null;
  throw new RestoreError(`there is no checkpoint at ${folder}`, {
    code: "RESTORE_NO_CHECKPOINT",
    hint: "give the folder that holds its _metadata, or a name in the checkpoint directory such as chk-7",
  });
}

/**
 * Makes a checkpoint or savepoint of either host one that functions can start from: a savepoint of
 * their own store. Resolves with the key of its `_metadata`.
 *
 *   IC1  its `_metadata` is written when all its files are there, each checked against its reference
 *   IC2  another one of the same name is not written over
 */
export async function importCheckpoint(
  folder: string,
  job: string,
  blobs: FileBlobStore,
): Promise<string> {
  const inside = relative(blobs.root, folder);
  if (!inside.startsWith("..")) return [...inside.split(sep), METADATA].join("/");
  const { storage, name } = storageOf(folder);
  const metadata = await storage.load(name);
  const target = await freeFolder(folder, job, blobs);
  for (const file of filesOf(metadata)) {
    await blobs.put(`${target}/${basename(file.key)}`, await storage.readKeyedPart(file));
  }
  const own = withFilesIn(target, metadata);
  await blobs.put(`${target}/${METADATA}`, encodeMetadata(relativeTo(target, own)));
  return `${target}/${METADATA}`;
}

/** Checkpoints of functions name their files from the root of their store, all others from the parent. */
function storageOf(folder: string): { readonly storage: CheckpointStorage; readonly name: string } {
  const parent = dirname(folder);
  const location = basename(parent) === "checkpoints" ? resolve(parent, "../..") : parent;
  const blobs = FileBlobStore.reading(location);
  const name = relative(location, folder).split(sep).join("/");
  return { storage: new CheckpointStorage({ blobs, location }), name };
}

/** IC2. */
async function freeFolder(folder: string, job: string, blobs: FileBlobStore): Promise<string> {
  const name = `${job}/savepoints/${basename(folder)}`;
  if ((await blobs.list(`${name}/`)).length === 0) return name;
  const bytes = readFileSync(join(folder, METADATA));
  return `${name}-${crc32c(bytes, 0, bytes.length).toString(16)}`;
}

function filesOf({ operators }: CheckpointMetadata): readonly KeyedFileRef[] {
  return operators.flatMap(({ subtasks }) => subtasks.flatMap(({ keyedFiles }) => keyedFiles));
}

function withFilesIn(folder: string, metadata: CheckpointMetadata): CheckpointMetadata {
  const moved = (file: KeyedFileRef): KeyedFileRef => ({
    ...file,
    key: `${folder}/${basename(file.key)}`,
  });
  const operators = metadata.operators.map((operator) => ({
    ...operator,
    subtasks: operator.subtasks.map((subtask) => ({
      ...subtask,
      keyedFiles: subtask.keyedFiles.map(moved),
    })),
  }));
  return { ...metadata, kind: "savepoint", operators };
}
