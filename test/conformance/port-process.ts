import { type ProcessOptions, run } from "./port-work.ts";

await run(JSON.parse(process.argv[2] ?? "") as ProcessOptions); // LiveProcess wrote it
