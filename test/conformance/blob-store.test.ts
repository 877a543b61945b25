import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { FileBlobStore } from "../../infra/local/file-blob-store.ts";
import { MemoryBlobStore } from "../../infra/local/memory-blob-store.ts";
import { blobStoreConformance } from "./blob-store.ts";

const directories: string[] = [];

afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true });
});

blobStoreConformance("memory", () => Promise.resolve(new MemoryBlobStore()));

blobStoreConformance("files", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-blobs-"));
  directories.push(directory);
  return FileBlobStore.open(directory);
});
