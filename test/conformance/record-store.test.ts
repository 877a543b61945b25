import { FileRecordStore } from "../../infra/local/file-record-store.ts";
import { MemoryRecordStore } from "../../infra/memory/memory-record-store.ts";
import { recordStoreConformance } from "./record-store.ts";
import { isTheService } from "./scopes.ts";
import { temporaryDirectories } from "./temporary-directories.ts";

const directory = temporaryDirectories();

recordStoreConformance("memory", () =>
  Promise.resolve({ store: new MemoryRecordStore(), asksScope: isTheService }),
);

recordStoreConformance("files", async () => ({
  store: await FileRecordStore.open(await directory()),
  asksScope: true,
}));
