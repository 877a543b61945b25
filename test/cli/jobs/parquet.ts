import { WatermarkStrategy, defineJob, param } from "millrace";
import { fileSource, parquet } from "millrace/connectors/file";

export default defineJob({
  name: "parquet",
  params: { input: param.string() },
  restart: { kind: "none" },
  build(env, { params }) {
    env
      .fromSource(
        fileSource({ path: params.input, format: parquet() }),
        WatermarkStrategy.noWatermarks(),
        "rows",
      )
      .print();
  },
});
