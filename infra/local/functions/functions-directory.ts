import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RestoreError } from "../../../core/errors.ts";
import type { StartFrom } from "../../../core/protocol/job-record.ts";
import { AtomicFiles } from "../atomic-files.ts";
import { CheckpointLock } from "../checkpoint-lock.ts";
import { isMissing } from "../file-errors.ts";
import { FUNCTIONS_FILE, refuseOtherHost } from "../host-of-directory.ts";
import { type FilePorts, openFilePorts } from "./file-ports.ts";

/** A folder for every run (FD3). */
const METRICS = "metrics";

interface Described {
  readonly format: 1;
  readonly job: string;
  /** The last start that was begun, so that one that was killed can be made again; null: none. */
  readonly start: StartFrom | null;
}

export interface FunctionsDirectoryOptions {
  readonly path: string;
  readonly job: string;
  readonly sync: boolean;
}

/**
 * The directory of a job on functions, in the hands of the one process that may deliver.
 *
 *   FD1  a directory belongs to one job, one host and, while open, one process
 *   FD2  a start is written down before anything of it happens
 *   FD3  metrics are those of one run of the command: workers that an earlier one left behind write
 *        where nobody looks any more
 */
export class FunctionsDirectory {
  readonly path: string;
  readonly ports: FilePorts;
  /** Absolute. */
  readonly metrics: string;
  readonly #files: AtomicFiles;
  readonly #lock: CheckpointLock;
  #described: Described;

  private constructor(
    path: string,
    ports: FilePorts,
    files: AtomicFiles,
    lock: CheckpointLock,
    described: Described,
  ) {
    this.path = path;
    this.metrics = resolve(path, METRICS, randomBytes(4).toString("hex"));
    this.ports = ports;
    this.#files = files;
    this.#lock = lock;
    this.#described = described;
  }

  static async open({ path, job, sync }: FunctionsDirectoryOptions): Promise<FunctionsDirectory> {
    refuseOtherHost(path, "functions");
    const files = await AtomicFiles.open(path, { sync });
    const lock = await CheckpointLock.acquire(path);
    try {
      const described = (await read(path)) ?? { format: 1, job, start: null };
      if (described.job !== job) throw otherJob(path, described.job, job);
      const ports = await openFilePorts(path, { sync });
      await ports.blobs.removeTemporary();
      await rm(join(path, METRICS), { recursive: true, force: true });
      const directory = new FunctionsDirectory(path, ports, files, lock, described);
      await directory.#write(described);
      return directory;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The last start that was begun here; null: none was. */
  get lastStart(): StartFrom | null {
    return this.#described.start;
  }

  /** FD2. */
  async beginStart(start: StartFrom): Promise<void> {
    await this.#write({ ...this.#described, start });
  }

  async close(): Promise<void> {
    await this.ports.queues.close();
    await this.#lock.release();
  }

  async #write(described: Described): Promise<void> {
    this.#described = described;
    const text = `${JSON.stringify(described, null, 2)}\n`;
    await this.#files.replace(join(this.path, FUNCTIONS_FILE), Buffer.from(text));
  }
}

async function read(path: string): Promise<Described | null> {
  try {
    return JSON.parse(await readFile(join(path, FUNCTIONS_FILE), "utf8")) as Described; // we wrote it
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function otherJob(path: string, theirs: string, job: string): RestoreError {
  return new RestoreError(`checkpoint directory ${path} belongs to job ${theirs}`, {
    code: "RESTORE_OTHER_JOB",
    where: { job },
    hint: "choose another --checkpoint-dir",
  });
}
