import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^millrace$/, replacement: at("./index.ts") },
      { find: /^millrace\/connectors\/file$/, replacement: at("./infra/connectors/file/index.ts") },
      { find: /^millrace\/config$/, replacement: at("./cli/config.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
  },
});
