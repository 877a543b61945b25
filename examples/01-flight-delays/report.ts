import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { styleText } from "node:util";
import { defineReport } from "millrace/config";

interface Row {
  readonly windowStart: string;
  readonly flights: number;
  readonly meanDelay: number;
  readonly over15: number;
}

interface Hour {
  flights: number;
  /** Sum over all flights, in minutes. */
  delay: number;
  over15: number;
}

const BAR_WIDTH = 40;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Draws how late flights left by the hour of the day, from the finished files. */
export default defineReport(async ({ params }) => {
  const hours = await readHours(join(params["output"] ?? "", "hourly"));
  const isColored = process.stdout.isTTY && !process.env["NO_COLOR"];
  return draw(hours, isColored ? styleText : (_style, text) => text);
});

type Style = (style: "green" | "yellow" | "red" | "bold" | "dim", text: string) => string;

async function readHours(folder: string): Promise<readonly Hour[]> {
  const hours = Array.from({ length: 24 }, (): Hour => ({ flights: 0, delay: 0, over15: 0 }));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    // Names with a dot belong to files that are not finished.
    if (!entry.isFile() || entry.name.startsWith(".")) continue;
    const lines = (await readFile(join(entry.parentPath, entry.name), "utf8"))
      .trimEnd()
      .split("\n");
    for (const line of lines) add(hours, JSON.parse(line) as Row);
  }
  return hours;
}

function add(hours: readonly Hour[], row: Row): void {
  const hour = hours[new Date(row.windowStart).getUTCHours()];
  if (hour === undefined) return;
  hour.flights += row.flights;
  hour.delay += row.meanDelay * row.flights;
  hour.over15 += row.over15;
}

function draw(hours: readonly Hour[], style: Style): string {
  const flights = hours.reduce((sum, hour) => sum + hour.flights, 0);
  const longest = Math.max(1, ...hours.map(meanOf));
  return [
    "",
    style(
      "bold",
      `Mean delay by the hour of departure, ${flights.toLocaleString("en-US")} flights`,
    ),
    ...hours.map((hour, at) => drawHour(hour, at, longest, style)),
    "",
  ].join("\n");
}

function drawHour(hour: Hour, at: number, longest: number, style: Style): string {
  const mean = meanOf(hour);
  const eighths = Math.round((Math.max(0, mean) / longest) * BAR_WIDTH * 8);
  const bar = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  const share = hour.flights === 0 ? 0 : (100 * hour.over15) / hour.flights;
  const color = mean < 10 ? "green" : mean < 30 ? "yellow" : "red";
  const count = hour.flights.toLocaleString("en-US").padStart(7);
  return [
    `  ${String(at).padStart(2, "0")}:00 `,
    style(color, bar.padEnd(BAR_WIDTH + 1)),
    `${mean.toFixed(1)} min`.padStart(10),
    style("dim", `   ${share.toFixed(0).padStart(2)} % over 15 min, ${count} flights`),
  ].join("");
}

function meanOf(hour: Hour): number {
  return hour.flights === 0 ? 0 : hour.delay / hour.flights;
}
