import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { day, hour } from "../../../../infra/connectors/file/file-sink-partition.ts";

describe("day and hour", () => {
  test.each([
    { instant: "2001-02-03T04:05:06.789Z", day: "2001-02-03", hour: "2001-02-03--04" },
    { instant: "1970-01-01T00:00:00.000Z", day: "1970-01-01", hour: "1970-01-01--00" },
    { instant: "1969-12-31T23:59:59.999Z", day: "1969-12-31", hour: "1969-12-31--23" },
    { instant: "2000-02-29T12:00:00.000Z", day: "2000-02-29", hour: "2000-02-29--12" },
    { instant: "+010000-01-01T01:00:00.000Z", day: "+010000-01-01", hour: "+010000-01-01--01" },
  ])("of $instant are $hour", (row) => {
    const date = new Date(row.instant);
    expect([day(date), day(date.getTime())]).toEqual([row.day, row.day]);
    expect([hour(date), hour(date.getTime())]).toEqual([row.hour, row.hour]);
  });

  test("agree with ISO 8601 for any instant, in any order", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const [text, time] = date.toISOString().split("T") as [string, string];
        expect([day(date), hour(date)]).toEqual([text, `${text}--${time.slice(0, 2)}`]);
      }),
    );
  });

  test.each([{ instant: NaN }, { instant: Infinity }, { instant: new Date(NaN) }])(
    "refuse $instant",
    ({ instant }) => {
      expect(() => day(instant)).toThrow("not an instant");
      expect(() => hour(instant)).toThrow("not an instant");
    },
  );
});
