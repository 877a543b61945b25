import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ConfigSettings } from "../core/api/index.ts";
import { resolveSettings } from "../core/api/settings.ts";
import { MillraceError, UsageError, show } from "../core/errors.ts";
import { loadModule } from "./load-module.ts";

const NAMES = ["millrace.config.ts", "millrace.config.js", "millrace.config.mjs"] as const;

/**
 * The settings of `file`, or else of the nearest `millrace.config.ts` in the job file's folder or
 * one above it; null when there is none.
 *
 * @throws UsageError USAGE_CONFIG for a default export that is no settings object, and what
 * `resolveSettings` says of wrong settings; also of stages that are not chosen
 */
export async function loadConfig(
  file: string | null,
  jobPath: string,
): Promise<ConfigSettings | null> {
  const path = file ?? nearestConfig(dirname(jobPath));
  if (path === null) return null;
  const shown = file ?? shortest(path);
  const { defaultExport } = await loadModule(path, "config file");
  if (typeof defaultExport !== "object" || defaultExport === null || Array.isArray(defaultExport)) {
    throw new UsageError(
      defaultExport === null
        ? `${shown} has no default export`
        : `the default export of ${shown} is no settings (got ${show(defaultExport)})`,
      { code: "USAGE_CONFIG", hint: "write export default defineConfig({ parallelism: 2 })" },
    );
  }
  const config: ConfigSettings = defaultExport;
  checkShape(config, shown);
  return config;
}

function nearestConfig(folder: string): string | null {
  for (const name of NAMES) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  return folder === dirname(folder) ? null : nearestConfig(dirname(folder));
}

function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}

/** Every level is checked, so that a typing error in a stage is found before it is needed. */
function checkShape(config: ConfigSettings, shown: string): void {
  const stages: unknown = config.stages ?? {};
  if (!isRecord(stages) || !Object.values(stages).every(isRecord)) {
    throw wrong(shown, "stages", stages, "write stages: { prod: { parallelism: 4 } }");
  }
  for (const [place, params] of [
    ["params", config.params],
    ...Object.entries(config.stages ?? {}).map(([name, stage]) => [name, stage.params] as const),
  ] as const) {
    if (params !== undefined && !isRecord(params)) {
      throw wrong(shown, `params of ${place}`, params, 'write params: { input: "data.parquet" }');
    }
  }
  try {
    resolveSettings({ config });
    for (const stage of Object.keys(config.stages ?? {})) resolveSettings({ config, stage });
  } catch (error) {
    throw error instanceof MillraceError ? error.at({ position: shown }) : error;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(shown: string, field: string, value: unknown, hint: string): UsageError {
  return new UsageError(`${field} of ${shown} cannot be used (got ${show(value)})`, {
    code: "USAGE_CONFIG",
    hint,
  });
}
