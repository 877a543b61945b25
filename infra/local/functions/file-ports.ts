import { join } from "node:path";
import type { Clock, Random } from "../../../core/ports/index.ts";
import type { FunctionPorts } from "../../../core/protocol/function.ts";
import { FileBlobStore } from "../file-blob-store.ts";
import { FileDelayQueue } from "../file-delay-queue.ts";
import { FileFifoQueues } from "../file-fifo-queues.ts";
import { FileLedger } from "../file-ledger.ts";
import { FileNumberSets } from "../file-number-sets.ts";
import { FileRecordStore } from "../file-record-store.ts";

/** The ports of a job's functions over one directory, for any process of this machine. */
export interface FilePorts extends FunctionPorts {
  readonly queues: FileFifoQueues;
  readonly delays: FileDelayQueue;
  readonly blobs: FileBlobStore;
}

export interface FilePortsOptions {
  /** As `FileOptions.sync`. */
  readonly sync: boolean;
}

const wallClock: Clock = { now: () => Date.now() };
const systemRandom: Random = { next: () => Math.random() };

/**
 * Opens the ports below a directory:
 *
 *     queues/ delays/ ledger/ records/ sets/   what the functions share
 *     blobs/                                   objects: bodies, keyed files, checkpoints, savepoints
 */
export async function openFilePorts(
  directory: string,
  { sync }: FilePortsOptions,
): Promise<FilePorts> {
  const at = (room: string): string => join(directory, room);
  return {
    clock: wallClock,
    random: systemRandom,
    queues: await FileFifoQueues.open(at("queues"), { clock: wallClock, sync }),
    delays: await FileDelayQueue.open(at("delays"), { clock: wallClock, sync }),
    ledger: await FileLedger.open(at("ledger"), { sync }),
    records: await FileRecordStore.open(at("records"), { sync }),
    sets: await FileNumberSets.open(at("sets"), { sync }),
    blobs: await FileBlobStore.open(blobDirectory(directory)),
  };
}

/** Where objects lie, savepoints among them. */
export function blobDirectory(directory: string): string {
  return join(directory, "blobs");
}
