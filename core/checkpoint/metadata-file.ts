import { DataError, LimitError, show } from "../errors.ts";
import { limits } from "../limits.ts";
import { fromBytes, open, seal, toBytes } from "../record/index.ts";
import type { CheckpointMetadata } from "./snapshot.ts";

export const METADATA_FORMAT = 1;

/** The bytes of `_metadata`: one value of the codec in a frame with version and checksum (L6). */
export function encodeMetadata(metadata: CheckpointMetadata): Uint8Array {
  const body = toBytes(metadata);
  if (body.length > limits.frameBytesMax) throw tooLarge(metadata, body.length);
  return seal("metadata", METADATA_FORMAT, body);
}

/** What `encodeMetadata` wrote; anything else is a DataError or LimitError. */
export function decodeMetadata(bytes: Uint8Array): CheckpointMetadata {
  const value = fromBytes(open(bytes, "metadata", { versionMax: METADATA_FORMAT }).body);
  if (!isMetadata(value)) {
    throw new DataError(`not the metadata of a checkpoint (got ${show(value)})`, {
      code: "DATA_CHECKPOINT_METADATA",
      hint: "restore from another checkpoint",
    });
  }
  return value;
}

/** The frame vouches for what is inside; this tells it from other values that we frame. */
function isMetadata(value: unknown): value is CheckpointMetadata {
  if (typeof value !== "object" || value === null) return false;
  const { job, runId, checkpoint, kind, operators } = value as Partial<CheckpointMetadata>;
  return (
    typeof job === "string" &&
    typeof runId === "string" &&
    Number.isSafeInteger(checkpoint) &&
    (kind === "checkpoint" || kind === "savepoint") &&
    Array.isArray(operators)
  );
}

function tooLarge({ job, checkpoint }: CheckpointMetadata, bytes: number): LimitError {
  return new LimitError(
    `metadata has ${bytes} bytes, at most ${limits.frameBytesMax} are allowed`,
    {
      code: "LIMIT_METADATA_BYTES",
      where: { job, checkpoint },
      hint: "move large operator state (lists, broadcast) to keyed state",
    },
  );
}
