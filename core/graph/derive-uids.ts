import { toName } from "../ids.ts";
import { sha256 } from "../plan/sha256.ts";
import type { Transformation } from "./transformation.ts";

/**
 * The uid of every transformation: the user's, else `<name>-<8 hex digits>` from its kind, its name
 * and the uids and side outputs that feed it. So a derived uid changes with what stands above it
 * up to the next given uid, and with nothing else. Equal siblings are told apart by their order.
 */
export function deriveUids(
  transformations: readonly Transformation[],
): ReadonlyMap<Transformation, string> {
  const uids = new Map<Transformation, string>();
  const given = transformations.flatMap((transformation) => transformation.uid ?? []);
  const taken = new Set(given);
  for (const transformation of transformations) {
    const uid = transformation.uid ?? freeUid(transformation, uids, taken);
    taken.add(uid);
    uids.set(transformation, uid);
  }
  return uids;
}

function freeUid(
  transformation: Transformation,
  uids: ReadonlyMap<Transformation, string>,
  taken: ReadonlySet<string>,
): string {
  const { kind, name, inputs } = transformation;
  const above = inputs.map((input) => [uids.get(input.from), input.sideOutput, input.input]);
  const readable = toName(name).slice(0, 100);
  for (let sibling = 0; ; sibling += 1) {
    const position = JSON.stringify([kind, name, above, sibling]);
    const uid = `${readable}-${sha256(position).slice(0, 8)}`;
    if (!taken.has(uid)) return uid;
  }
}
