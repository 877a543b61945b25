import type { CallScope } from "../ports/index.ts";
import type { FromCoordinator } from "./control.ts";
import type { Effect } from "./outbox.ts";
import type { UnitTurn } from "./unit.ts";

/** A control and the place of whom it is for. */
export interface Addressed {
  readonly to: number;
  readonly control: FromCoordinator;
}

/** One turn of a coordinator: what it was given, and what it has made so far. */
export class CoordinatorTurn {
  readonly now: number;
  /** The version that the turn will have. */
  readonly version: number;
  readonly commitId: string;
  readonly scope: CallScope;
  readonly controls: Addressed[] = [];
  readonly effects: Effect[] = [];

  constructor({ now, version, commitId, scope }: UnitTurn) {
    this.now = now;
    this.version = version;
    this.commitId = commitId;
    this.scope = scope;
  }

  send(to: number, control: FromCoordinator): void {
    this.controls.push({ to, control });
  }
}
