import { OperatorSettings } from "./operator-settings.ts";

/** The end of a stream. */
export class DataStreamSink extends OperatorSettings {}
