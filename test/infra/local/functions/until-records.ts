import type { JobHandle } from "../../../../index.ts";

/** Waits until the sources of a job have emitted so many records. */
export async function untilRecords(handle: JobHandle, records: number): Promise<void> {
  while (handle.status().records < records) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
