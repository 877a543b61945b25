import { FileLedger } from "../../infra/local/file-ledger.ts";
import { MemoryLedger } from "../../infra/memory/memory-ledger.ts";
import { ledgerConformance } from "./ledger.ts";
import { isTheService } from "./scopes.ts";
import { temporaryDirectories } from "./temporary-directories.ts";

const directory = temporaryDirectories();

ledgerConformance("memory", () =>
  Promise.resolve({ ledger: new MemoryLedger(), asksScope: isTheService }),
);

ledgerConformance("memory, in short and empty pages", () => {
  let page = 0;
  const pageRows = (): number => {
    page += 1;
    return page % 3;
  };
  return Promise.resolve({ ledger: new MemoryLedger({ pageRows }), asksScope: isTheService });
});

ledgerConformance("files", async () => ({
  ledger: await FileLedger.open(await directory()),
  asksScope: true,
}));
