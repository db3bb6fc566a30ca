import { afterAll, beforeAll, expect, it } from "vitest";
import { COUNTRY_CODES } from "../../src/kernel/countries.ts";
import { codeOf, type Demo, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});

it("a grant to a circle is refused where it would reach too far to be written at once, and else given", async () => {
  const { data } = await demo.ask("harbour", "{ circles { id } }");
  const circleId = data["circles"][0].id as string;
  await meddle(
    demo,
    `with made as (
        insert into organisation (handle, identity_thumbprint, identity_jwk)
          select 'member-' || n, 'member ' || n, '{}' from generate_series(1, 100) n returning id)
      insert into circle_member select c.circle_id, m.id
        from (select distinct circle_id from circle_member) c, made m`,
    [],
  );
  const give = (countries: number) =>
    mutate((...call) => demo.ask(...call), "harbour", "grantScopes", {
      circleId,
      scopes: ["BEDS_READ"],
      countries: [...COUNTRY_CODES].slice(0, countries),
    });
  expect(codeOf(await give(101))).toBe("LIMIT_EXCEEDED");
  expect((await give(2)).errors).toBeUndefined();
});
