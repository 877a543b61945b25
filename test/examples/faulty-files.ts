import { promises } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

export interface Fault {
  readonly call: number;
  readonly how: "kill" | "fail";
}

type Method = (...args: never[]) => Promise<unknown>;

const CHANGING = ["rename", "link", "unlink", "rm", "mkdir", "writeFile"] as const;
const HANDLE_CHANGING = ["appendFile", "writeFile", "sync"] as const;

/**
 * Counts the calls of this process that change files, and lets one of them go wrong: the process
 * dies before it, or it fails once with EIO.
 */
export class FaultyFiles {
  calls = 0;
  readonly #fault: Fault | null;
  readonly #die: () => never;

  constructor(fault: Fault | null, die: () => never) {
    this.#fault = fault;
    this.#die = die;
    for (const name of CHANGING) this.#wrap(promises as never, name);
    this.#wrapOpen();
    syncBuiltinESMExports();
  }

  #wrap(owner: Record<string, Method>, name: string): void {
    const original = owner[name];
    if (original === undefined) throw new Error(`there is no ${name}`);
    const before = (): void => this.#before(name);
    owner[name] = async function (this: unknown, ...args: never[]): Promise<unknown> {
      before();
      return original.apply(this, args);
    };
  }

  /** File handles are wrapped as they are opened for writing. */
  #wrapOpen(): void {
    const original = promises.open;
    const open = async (...args: Parameters<typeof original>): Promise<FileHandle> => {
      const writing = args[1] !== undefined && args[1] !== "r";
      if (writing) this.#before("open");
      const handle = await original(...args);
      for (const name of HANDLE_CHANGING) this.#wrap(handle as never, name);
      return handle;
    };
    (promises as { open: typeof original }).open = open;
  }

  #before(name: string): void {
    this.calls += 1;
    if (this.calls !== this.#fault?.call) return;
    if (this.#fault.how === "kill") this.#die();
    throw Object.assign(new Error(`${name} failed on purpose`), { code: "EIO" });
  }
}
