import { FileNumberSets } from "../../infra/local/file-number-sets.ts";
import { MemoryNumberSets } from "../../infra/memory/memory-number-sets.ts";
import { numberSetsConformance } from "./number-sets.ts";
import { isTheService } from "./scopes.ts";
import { temporaryDirectories } from "./temporary-directories.ts";

const directory = temporaryDirectories();

numberSetsConformance("memory", () =>
  Promise.resolve({ sets: new MemoryNumberSets(), asksScope: isTheService }),
);

numberSetsConformance("files", async () => ({
  sets: await FileNumberSets.open(await directory(), { sync: false }),
  asksScope: true,
}));
