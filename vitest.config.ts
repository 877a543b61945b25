import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const CANARIES = ["test/sim/canaries.test.ts"];
const BUILT = ["test/cli/**/*.test.ts", "test/package/**/*.test.ts"];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^millrace$/, replacement: at("./index.ts") },
      { find: /^millrace\/connectors\/file$/, replacement: at("./infra/connectors/file/index.ts") },
      { find: /^millrace\/config$/, replacement: at("./cli/config.ts") },
    ],
  },
  test: {
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: "source", include: ["test/**/*.test.ts"], exclude: [...BUILT, ...CANARIES] },
      },
      {
        extends: true,
        // Rules of the protocol can be broken here and nowhere else.
        resolve: {
          alias: [{ find: /^\.\/canaries\.ts$/, replacement: at("./test/sim/canaries.ts") }],
        },
        test: { name: "canaries", include: CANARIES },
      },
      {
        extends: true,
        // These run the compiled package, so it is built first where it is older than its source.
        test: { name: "built", include: BUILT, globalSetup: "test/cli/build-if-stale.ts" },
      },
    ],
  },
});
