import { createHash, randomBytes } from "node:crypto";
import { link, open, readFile, readdir, realpath, rm } from "node:fs/promises";
import { type Server, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MillraceError, StorageError, UsageError } from "../../core/errors.ts";
import { makeFolder } from "../make-folder.ts";

/** What a lock file says about its owner. */
interface Owner {
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
  /** Its socket: a name in the lock's folder, or an absolute path. */
  readonly socket: string;
}

const FOLDER = ".lock";
const LOCK_FILE = /^owner-(\d+)$/;
/** Shorter than the shortest limit for socket paths (macOS: 104 bytes). */
const SOCKET_PATH_BYTES_MAX = 100;

/**
 * Keeps a checkpoint directory to one process of this machine. The owner listens on a socket as
 * long as it lives; the system closes the socket when the process dies, however it dies, so that
 * neither a stale file nor a reused process id can mislead anybody.
 *
 *   CL1  the owner is who made the lock file with the greatest number, and listens on its socket
 *   CL2  number n + 1 is made, by link(), only when nobody listens on the socket of n
 *   CL3  the file with the greatest number is never deleted, only those below one's own
 */
export class CheckpointLock {
  readonly directory: string;
  readonly #server: Server;

  private constructor(directory: string, server: Server) {
    this.directory = directory;
    this.#server = server;
  }

  /** Takes the lock, or throws a UsageError that names the process that has it. */
  static async acquire(directory: string): Promise<CheckpointLock> {
    const folder = join(directory, FOLDER);
    await makeLockFolder(folder);
    const { server, socket } = await listen(folder);
    try {
      await own(directory, folder, socket);
    } catch (error) {
      await close(server);
      throw error instanceof MillraceError ? error : lockError(folder, error);
    }
    return new CheckpointLock(directory, server);
  }

  /** Gives the lock back. Its file stays, with nobody listening (CL3). */
  async release(): Promise<void> {
    await close(this.#server);
  }
}

async function own(directory: string, folder: string, socket: string): Promise<void> {
  const draft = join(folder, `draft-${randomBytes(8).toString("hex")}`);
  await writeDurably(draft, { pid: process.pid, since: new Date().toISOString(), socket });
  try {
    for (;;) {
      const last = Math.max(0, ...(await lockNumbers(folder)));
      if (last > 0) await refuseLiving(directory, folder, last);
      if (await takeNumber(folder, draft, last + 1)) return;
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** CL2: false when somebody else was faster. */
async function takeNumber(folder: string, draft: string, number: number): Promise<boolean> {
  try {
    await link(draft, lockFile(folder, number));
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  // Ours may fill a hole below the owner's, which deleted the file we looked at (CL3).
  const numbers = await lockNumbers(folder);
  if (numbers.some((other) => other > number)) {
    await rm(lockFile(folder, number), { force: true });
    return false;
  }
  await removeBelow(folder, number, numbers);
  return true;
}

async function removeBelow(folder: string, number: number, all: readonly number[]): Promise<void> {
  for (const old of all) {
    if (old >= number) continue;
    const owner = await readOwner(folder, old);
    const socket = owner === null ? null : socketPath(folder, owner.socket);
    // A rival that is about to see our file and give way listens on its socket still.
    if (socket !== null && !(await isListening(socket))) await rm(socket, { force: true });
    await rm(lockFile(folder, old), { force: true });
  }
}

async function refuseLiving(directory: string, folder: string, number: number): Promise<void> {
  const owner = await readOwner(folder, number);
  if (owner === null || !(await isListening(socketPath(folder, owner.socket)))) return;
  throw new UsageError(
    `checkpoint directory ${directory} is in use by process ${owner.pid} since ${owner.since}`,
    { code: "USAGE_CHECKPOINT_DIR_LOCKED", hint: "stop it, or choose another --checkpoint-dir" },
  );
}

/** Null: somebody newer deleted it, or it says nothing (then nobody can own it). */
async function readOwner(folder: string, number: number): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(lockFile(folder, number), "utf8")) as Owner; // we wrote it
  } catch (error) {
    if (hasCode(error, "ENOENT") || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function lockNumbers(folder: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(folder)) {
    const match = LOCK_FILE.exec(name);
    if (match !== null) numbers.push(Number(match[1]));
  }
  return numbers;
}

function lockFile(folder: string, number: number): string {
  return join(folder, `owner-${number}`);
}

function socketPath(folder: string, socket: string): string {
  return socket.startsWith("/") ? socket : join(folder, socket);
}

/** A new socket in the lock's folder; beside the temporary files where that cannot hold sockets. */
async function listen(folder: string): Promise<{ server: Server; socket: string }> {
  const unique = randomBytes(6).toString("hex");
  const name = `s-${unique}`;
  if (Buffer.byteLength(join(folder, name)) <= SOCKET_PATH_BYTES_MAX) {
    const server = await tryListen(join(folder, name));
    if (server !== null) return { server, socket: name };
  }
  const hash = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")
    .slice(0, 12);
  const socket = join(tmpdir(), `millrace-${hash}-${unique}`);
  const server = await tryListen(socket);
  if (server !== null) return { server, socket };
  throw new StorageError(`cannot lock ${folder}: no socket can be made there or in ${tmpdir()}`, {
    code: "STORAGE_LOCK",
    hint: "choose a --checkpoint-dir on a local disk",
  });
}

function tryListen(path: string): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", () => resolve(null));
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Whether a process listens. An answer other than "nobody" counts as a living owner. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(path);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", (error) => {
      resolve(!hasCode(error, "ECONNREFUSED") && !hasCode(error, "ENOENT"));
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function makeLockFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (error) {
    throw lockError(folder, error);
  }
}

function lockError(folder: string, cause: unknown): StorageError {
  const reason =
    cause instanceof Error
      ? ((cause as NodeJS.ErrnoException).code ?? cause.message)
      : String(cause);
  return new StorageError(`cannot lock ${folder} (${reason})`, {
    code: "STORAGE_LOCK",
    hint: "choose a --checkpoint-dir on a local disk that this user can write",
    cause,
  });
}

async function writeDurably(path: string, owner: Owner): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(JSON.stringify(owner));
    await file.sync();
  } finally {
    await file.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
