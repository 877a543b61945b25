import { defineJob } from "millrace";

export default defineJob({
  name: "other",
  build(env) {
    env.fromCollection(["only"]).print();
  },
});
