import { defineJob } from "millrace";

export default defineJob({
  name: "empty",
  build(env) {
    env.fromCollection<string>([]).print();
  },
});
