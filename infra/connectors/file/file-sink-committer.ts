import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Committer } from "../../../core/connector/index.ts";
import { StorageError, show } from "../../../core/errors.ts";
import { forEachLimited } from "./file-sink-concurrency.ts";
import { errorCode, fileSinkError } from "./file-sink-errors.ts";
import { syncFolder } from "./file-sink-sync.ts";

/** A file that is complete on the disk and still hidden. Part of checkpoints. */
export interface FileCommittable {
  /** The folder of both names; relative when the sink's path is. */
  readonly directory: string;
  readonly hidden: string;
  readonly final: string;
  readonly bytes: number;
}

/** Where a sink stands, for people and kill tests. */
export type FileSinkStep = "write-part" | "pre-commit" | "before-rename" | "after-rename";
export type OnFileSinkStep = (step: FileSinkStep, path: string) => void;

const RENAMES_AT_ONCE = 8;

/**
 * Publishes pending files by renaming them.
 *
 *   FC1  a file is visible whole or not at all (rename is atomic), and only from here on
 *   FC2  committing again is no error: the hidden name gone and the final one there means done
 *   FC3  a finished file is never overwritten
 */
export class FileCommitter implements Committer<FileCommittable> {
  readonly #onStep: OnFileSinkStep;

  constructor(onStep: OnFileSinkStep) {
    this.#onStep = onStep;
  }

  async commit(committables: readonly FileCommittable[]): Promise<void> {
    await forEachLimited(committables, RENAMES_AT_ONCE, (each) => this.#publish(each));
    const folders = [...new Set(committables.map((each) => each.directory))];
    await forEachLimited(folders, RENAMES_AT_ONCE, syncFolder);
  }

  async #publish(committable: FileCommittable): Promise<void> {
    const hidden = join(committable.directory, committable.hidden);
    const final = join(committable.directory, committable.final);
    const [hiddenBytes, finalBytes] = [await bytesOf(hidden), await bytesOf(final)];
    if (hiddenBytes === null && finalBytes !== null) return;
    check(committable, hidden, final, hiddenBytes, finalBytes);
    this.#onStep("before-rename", final);
    await rename(hidden, final).catch((cause: unknown) => {
      throw fileSinkError("rename", hidden, cause);
    });
    this.#onStep("after-rename", final);
  }
}

function check(
  committable: FileCommittable,
  hidden: string,
  final: string,
  hiddenBytes: number | null,
  finalBytes: number | null,
): void {
  if (hiddenBytes === null) {
    throw new StorageError(
      `the checkpoint holds the file ${show(final)}, but neither it nor ${show(hidden)} is there`,
      {
        code: "FILE_SINK_LOST",
        hint: "put it back (an empty file if its lines were taken away on purpose), or start afresh",
      },
    );
  }
  if (finalBytes !== null) {
    throw new StorageError(`cannot finish ${show(hidden)}: ${show(final)} is already there`, {
      code: "FILE_SINK_CONFLICT",
      hint: "move one of the two away; no finished file is ever overwritten",
    });
  }
  if (hiddenBytes !== committable.bytes) {
    throw new StorageError(
      `${show(hidden)} has ${hiddenBytes} bytes where the checkpoint says ${committable.bytes}`,
      {
        code: "FILE_SINK_DAMAGED",
        hint: "something else changed it; start from an older checkpoint, or afresh",
      },
    );
  }
}

async function bytesOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return null;
    throw fileSinkError("read", path, cause);
  }
}
