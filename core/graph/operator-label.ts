/** How errors and warnings call an operator: `map "parse"`, or `map (uid map-1a2b3c4d)`. */
export function operatorLabel(operator: {
  readonly kind: string;
  readonly name: string;
  readonly uid: string | null;
}): string {
  if (operator.name !== operator.kind) return `${operator.kind} "${operator.name}"`;
  return operator.uid === null ? operator.kind : `${operator.kind} (uid ${operator.uid})`;
}
