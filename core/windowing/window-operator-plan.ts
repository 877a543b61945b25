import type { WindowOperatorPlan, WindowSpec } from "./window-spec.ts";
export declare function windowOperator(spec: WindowSpec): WindowOperatorPlan;
