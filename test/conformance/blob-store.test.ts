import { FileBlobStore } from "../../infra/local/file-blob-store.ts";
import { MemoryBlobStore } from "../../infra/memory/memory-blob-store.ts";
import { blobStoreConformance } from "./blob-store.ts";
import { temporaryDirectories } from "./temporary-directories.ts";

const directory = temporaryDirectories();

blobStoreConformance("memory", () => Promise.resolve(new MemoryBlobStore()));

blobStoreConformance("files", async () => FileBlobStore.open(await directory()));
