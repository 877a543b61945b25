import { WatermarkStrategy, defineJob, generatorSource, param } from "millrace";
import { fileSink, text } from "millrace/connectors/file";

/** Numbers at a rate: each into files, every `print`-th on standard output. */
export default defineJob({
  name: "numbers",
  description: "Counts",
  params: {
    count: param.number(100, { description: "how many numbers" }),
    rate: param.number(1_000_000, { description: "numbers per second" }),
    print: param.number(10),
    mode: param.enum(["plain", "failing"], "plain"),
  },
  build(env, { params }) {
    const numbers = env.fromSource(
      generatorSource({
        generate: (index) => index,
        count: params.count,
        ratePerSecond: params.rate,
      }),
      WatermarkStrategy.noWatermarks(),
      "numbers",
    );
    numbers.filter((value) => value % params.print === 0).print();
    numbers
      .map((value) => {
        if (params.mode === "failing" && value === 7) throw new TypeError("seven is\nnot liked");
        return String(value);
      })
      .sinkTo(fileSink({ path: "out", format: text() }))
      .uid("files");
  },
});
