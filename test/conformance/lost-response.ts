/** The answer of a call that was carried out got lost on its way. */
export class LostResponse extends Error {}

/** `port`, but the next call of `method` is carried out and then rejects. */
export function losingNextResponse<P extends object>(port: P, method: keyof P & string): P {
  let lost = false;
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const answer: unknown = await Reflect.apply(member, target, args);
        if (name !== method || lost) return answer;
        lost = true;
        throw new LostResponse(`the answer of ${method} is lost`);
      };
    },
  });
}
