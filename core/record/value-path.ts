import { show } from "../errors.ts";

/** What a step of the path is: a field's name, or the number of an entry of some container. */
export type StepKind = "field" | "item" | "map key" | "map value" | "set item";

/**
 * Where the encoder is within a value, for its errors: one store per entry, no allocation. There is
 * one path, since encoding is synchronous; it keeps nothing alive but names of fields.
 */
const kinds: StepKind[] = [];
const steps: (string | number)[] = [];

/** Enters a container at `depth`. */
export function enter(depth: number, kind: StepKind): void {
  kinds[depth] = kind;
}

/** The entry that is encoded now in the container at `depth`. */
export function visit(depth: number, step: string | number): void {
  steps[depth] = step;
}

/** `value.customer.tags[3]`: the entry at `depth`. */
export function pathTo(root: string, depth: number): string {
  let path = root;
  for (let i = 0; i < depth; i++) path += stepText(kinds[i] as StepKind, steps[i] ?? 0);
  return path;
}

function stepText(kind: StepKind, step: string | number): string {
  switch (kind) {
    case "field":
      return /^[A-Za-z_$][\w$]*$/.test(String(step)) ? `.${step}` : `[${show(step)}]`;
    case "item":
      return `[${step}]`;
    default:
      return ` ${kind} ${step}`;
  }
}
