import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** The full proof of exactly-once, over the whole flights file: minutes. */
export default defineConfig({
  ...base,
  test: { include: ["test/recovery/*.full.ts"] },
});
