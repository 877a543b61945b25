import { open } from "node:fs/promises";
import { errorCode, fileSinkError } from "./file-sink-errors.ts";

/** Makes new entries of a folder durable. Some file systems cannot, and need not. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (["EISDIR", "EPERM", "EINVAL", "ENOTSUP"].includes(errorCode(cause))) return;
    throw fileSinkError("write", folder, cause);
  }
}
