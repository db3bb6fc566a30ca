import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeBase64url } from "../../src/kernel/base64url.ts";
import { decodeId } from "../../src/kernel/ids.ts";
import { codeOf, type Demo, night, startDemo } from "../support/demo.ts";
import { inDays, offer, openTo } from "../support/handoffs.ts";
import { hold, shelter, stay } from "../support/holds.ts";
import { sealingKey } from "../support/keys.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
const ask: Demo["ask"] = (...call) => demo.ask(...call);
beforeAll(async () => {
  demo = await startDemo();
  await openTo(ask, "lantern", ["harbour"]);
  const apricot = await shelter(ask, "Apricot");
  for (let count = 0; count < 4; count++) {
    await hold(ask, "lantern", [stay(apricot, 1, 10 + 3 * count)]);
    await offer(ask, "lantern", ["harbour"]);
    await sealingKey(demo, "harbour");
    for (const [field, input] of [
      [
        "publishAdvisory",
        {
          country: "AM",
          riskProfiles: ["OTHER"],
          level: "CAUTION",
          hazards: ["BORDER_CLOSED"],
          expiresAt: inDays(9),
        },
      ],
      [
        "publishConsulateContact",
        {
          representing: "DE",
          country: "AM",
          locality: "Yerevan",
          documents: [],
          riskProfiles: [],
          languages: [],
          reviewBy: inDays(9),
          envelopes: [],
        },
      ],
    ] as const) {
      await mutate(ask, "harbour", field, input);
    }
  }
});
afterAll(async () => {
  await demo.stop();
});

const dates = `checkIn: "${night(1)}", checkOut: "${night(2)}"`;
/** Who lists, what, with which arguments, and what tells two of them apart. */
const LISTS: [string, string, string, string][] = [
  ["coordinator", "organisations", "", "id"],
  ["lantern", "bedAvailability", `search: { country: "AM", ${dates} }`, "shelter { id }"],
  ["harbour", "shelters", "", "id"],
  ["lantern", "bedHolds", "side: HOLDER", "id"],
  ["harbour", "bedHolds", "side: HOST", "id"],
  ["lantern", "handoffs", "box: OUTBOX", "id"],
  ["harbour", "handoffs", "box: INBOX", "id"],
  ["harbour", "sharingGrants", "direction: GIVEN", "id"],
  ["lantern", "sharingGrants", "direction: RECEIVED", "id"],
  ["lantern", "advisories", "", "id"],
  ["harbour", "consulateContacts", "search: {}", "id"],
  ["lantern", "keyLog", "", "kid"],
];

describe.each(LISTS)("as %s, %s(%s)", (by, field, args, fields) => {
  interface Page {
    readonly edges: { readonly cursor: string; readonly node: object }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  }
  const page = async (first: number, after: string | null): Promise<Page> => {
    const paging = `first: ${first}, after: ${JSON.stringify(after)}`;
    const list = `${field}(${[args, paging].filter(Boolean).join(", ")})`;
    const query = `{ ${list} { edges { cursor node { ${fields} } } pageInfo { hasNextPage endCursor } } }`;
    const { data, errors } = await ask(by, query);
    expect(errors).toBeUndefined();
    return data[field] as Page;
  };

  it("is the same read whole and one by one, in the order of its cursors", async () => {
    const whole = await page(100, null);
    expect(whole.edges.length).toBeGreaterThan(1);
    expect(whole.pageInfo.hasNextPage).toBe(false);
    const cursors = whole.edges.map(({ cursor }) => Buffer.from(cursor, "base64url").toString());
    expect(cursors).toEqual(cursors.toSorted((a, b) => (a < b ? -1 : 1)));
    const single: object[] = [];
    let after: string | null = null;
    do {
      const { edges, pageInfo }: Page = await page(1, after);
      single.push(...edges.map(({ node }) => node));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(single).toEqual(whole.edges.map(({ node }) => node));
  });

  it("goes on after a cursor of anyone's or no one's with what is the caller's, and with nothing else", async () => {
    const whole = await page(100, null);
    const { data } = await ask("outsider", "{ viewer { organisation { id } } }");
    const foreign = [decodeId(data["viewer"].organisation.id)!.uuid, randomUUID()];
    for (const uuid of foreign) {
      const cursor = field === "keyLog" ? `${uuid}:1` : uuid;
      const rest = await page(100, encodeBase64url(Buffer.from(cursor)));
      const expected = whole.edges.filter(
        (edge) => Buffer.from(edge.cursor, "base64url").toString() > cursor,
      );
      expect(rest.edges).toEqual(expected);
    }
  });

  it("takes no page of none or of a hundred and one, and no cursor that is none", async () => {
    for (const [first, after] of [
      [0, "null"],
      [101, "null"],
      [5, '"nothing"'],
      [5, `"${encodeBase64url(Buffer.from("1 or 1=1"))}"`],
    ] as const) {
      const paging = [args, `first: ${first}, after: ${after}`].filter(Boolean).join(", ");
      const answer = await ask(by, `{ ${field}(${paging}) { edges { cursor } } }`);
      expect(codeOf(answer)).toBe("BAD_USER_INPUT");
    }
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
