import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { signAccessToken } from "../../src/platform/auth/sign.ts";
import { demoIssuer, demoKey } from "../../src/platform/auth/demo-keys.ts";
import { type Answer, AUDIENCE, codeOf, type Demo, startDemo } from "../support/demo.ts";
import { accept, inDays, meddle, offer, openTo, see, step } from "../support/handoffs.ts";
import { mutate, mutationOf } from "../support/mutate.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
  await openTo(ask, "lantern", ["harbour", "bridge"]);
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const SENDER = "lantern";
const RECIPIENT = "harbour";
const STEPS = [
  "acknowledgeHandoff",
  "acceptHandoff",
  "rejectHandoff",
  "receiveHandoff",
  "holdHandoff",
  "resumeHandoff",
  "completeHandoff",
  "failHandoff",
  "cancelHandoff",
  "withdrawConsent",
];

/** The state machine once more, by hand: who takes it where. SEALED is ACCEPTED with the file there; → itself: no edge. */
const BY_SENDER = { cancelHandoff: "CANCELLED", withdrawConsent: "CANCELLED" };
const ALLOWED: Record<string, Record<string, Record<string, string>>> = {
  REQUESTED: {
    [SENDER]: BY_SENDER,
    [RECIPIENT]: {
      acknowledgeHandoff: "REQUESTED",
      acceptHandoff: "ACCEPTED",
      rejectHandoff: "REQUESTED",
    },
    bridge: {
      acknowledgeHandoff: "REQUESTED",
      acceptHandoff: "ACCEPTED",
      rejectHandoff: "REQUESTED",
    },
  },
  ACCEPTED: {
    [SENDER]: BY_SENDER,
    [RECIPIENT]: { holdHandoff: "ON_HOLD", failHandoff: "FAILED" },
  },
  SEALED: {
    [SENDER]: BY_SENDER,
    [RECIPIENT]: { receiveHandoff: "IN_PROGRESS", holdHandoff: "ON_HOLD", failHandoff: "FAILED" },
  },
  IN_PROGRESS: {
    [SENDER]: BY_SENDER,
    [RECIPIENT]: { holdHandoff: "ON_HOLD", completeHandoff: "COMPLETED", failHandoff: "FAILED" },
  },
  HELD_FROM_ACCEPTED: {
    [SENDER]: BY_SENDER,
    [RECIPIENT]: { resumeHandoff: "ACCEPTED", failHandoff: "FAILED" },
  },
  HELD_FROM_IN_PROGRESS: {
    [SENDER]: BY_SENDER,
    [RECIPIENT]: { resumeHandoff: "IN_PROGRESS", failHandoff: "FAILED" },
  },
  COMPLETED: {},
  REJECTED: {},
  CANCELLED: {},
  FAILED: {},
  EXPIRED: {},
};
/** How a handoff gets there. */
const WAYS: Record<string, [string, string][]> = {
  REQUESTED: [],
  ACCEPTED: [[RECIPIENT, "acceptHandoff"]],
  SEALED: [
    [RECIPIENT, "acceptHandoff"],
    ["", "seal"],
  ],
  IN_PROGRESS: [
    [RECIPIENT, "acceptHandoff"],
    ["", "seal"],
    [RECIPIENT, "receiveHandoff"],
  ],
  HELD_FROM_ACCEPTED: [
    [RECIPIENT, "acceptHandoff"],
    [RECIPIENT, "holdHandoff"],
  ],
  HELD_FROM_IN_PROGRESS: [
    [RECIPIENT, "acceptHandoff"],
    ["", "seal"],
    [RECIPIENT, "receiveHandoff"],
    [RECIPIENT, "holdHandoff"],
  ],
  COMPLETED: [
    [RECIPIENT, "acceptHandoff"],
    ["", "seal"],
    [RECIPIENT, "receiveHandoff"],
    [RECIPIENT, "completeHandoff"],
  ],
  REJECTED: [
    [RECIPIENT, "rejectHandoff"],
    ["bridge", "rejectHandoff"],
  ],
  CANCELLED: [[SENDER, "cancelHandoff"]],
  FAILED: [
    [RECIPIENT, "acceptHandoff"],
    [RECIPIENT, "failHandoff"],
  ],
  EXPIRED: [["", "expire"]],
};
const ACTORS = [SENDER, RECIPIENT, "bridge", "outsider", "coordinator"];
const OUTSIDERS = ["outsider", "coordinator"];
const answersOnMissing = new Map<string, Promise<Answer>>();
/** What they are told of a handoff that is not there, asked once. */
function missing(by: string, field: string): Promise<Answer> {
  const asked =
    answersOnMissing.get(`${by} ${field}`) ??
    step(ask, by, field, encodeId("Handoff", randomUUID()));
  answersOnMissing.set(`${by} ${field}`, asked);
  return asked;
}
const statusOf = (state: string) =>
  state === "SEALED" ? "ACCEPTED" : state.startsWith("HELD") ? "ON_HOLD" : state;

async function handoffIn(state: string): Promise<string> {
  const id = (await offer(ask, SENDER, [RECIPIENT, "bridge"])).data["offerHandoff"].id as string;
  const uuid = decodeId(id)!.uuid;
  for (const [by, what] of WAYS[state]!) {
    if (what === "seal") await seal(uuid);
    else if (what === "expire")
      await meddle(demo, "update handoff set decide_by = now() where id = $1", [uuid]);
    else await step(ask, by, what, id);
  }
  expect((await see(ask, SENDER, id)).status).toBe(statusOf(state));
  return id;
}
const seal = (uuid: string) =>
  meddle(
    demo,
    `with sealed as (update handoff set seal_by = null where id = $1 and status = 'ACCEPTED' returning id, recipient_id)
      insert into handoff_envelope select id, recipient_id, 'sealed' from sealed on conflict do nothing`,
    [uuid],
  );
const isRefused = (answer: Answer, field: string) =>
  codeOf(answer) === "NOT_FOUND" ||
  ["IllegalTransition", "AlreadyAccepted"].includes(answer.data?.[field]?.__typename as string);

describe.each(Object.keys(ALLOWED))(
  "a handoff that is %s (stepHandoff: lockStep, decided, changeOf)",
  (state) => {
    const edges = ALLOWED[state]!;

    it("refuses every other step to everyone, and stays as it is; the wrong organisation hears of nothing there", async () => {
      const id = await handoffIn(state);
      const before = await see(ask, SENDER, id);
      for (const by of ACTORS) {
        for (const field of STEPS) {
          if (edges[by]?.[field]) continue;
          const answer = await step(ask, by, field, id);
          expect(isRefused(answer, field), `${by} ${field} ${JSON.stringify(answer)}`).toBe(true);
          expect(answer).toEqual(OUTSIDERS.includes(by) ? await missing(by, field) : answer);
        }
      }
      expect(await see(ask, SENDER, id)).toEqual(before);
    });

    it("goes where its edges lead", async () => {
      for (const [by, steps] of Object.entries(edges)) {
        for (const [field, to] of Object.entries(steps)) {
          const id = await handoffIn(state);
          const { data } = await step(ask, by, field, id);
          expect(data[field], `${by} ${field}`).toMatchObject({
            __typename: "Handoff",
            status: to,
          });
          const seen = await see(ask, SENDER, id);
          expect(seen.status).toBe(to);
          const told = seen.history.at(-1) as { to: string };
          expect(told.to).toBe(to);
        }
      }
    });
  },
);

describe("all of these steps", () => {
  it("are told nothing on an expired token", async () => {
    const id = await handoffIn("REQUESTED");
    const token = await signAccessToken({
      privateJwk: demoKey(demo.dataDir, RECIPIENT).privateJwk,
      issuer: demoIssuer(RECIPIENT),
      audience: AUDIENCE,
      clientId: "bot",
      scopes: SCOPES,
      ttlSeconds: 60,
      now: () => Date.now() - 3_600_000,
    });
    for (const field of STEPS) {
      const response = await fetch(demo.url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({
          query: mutationOf(field, "{ __typename }"),
          variables: { input: { idempotencyKey: randomUUID(), id } },
        }),
      });
      expect([response.status, await response.text()]).toEqual([
        401,
        expect.stringContaining("UNAUTHENTICATED"),
      ]);
    }
    expect((await accept(ask, RECIPIENT, id)).data["acceptHandoff"].status).toBe("ACCEPTED");
  });
});

describe("why the last candidate rejects", () => {
  it("is told to the sender alone, and to no candidate that dropped out before", async () => {
    const id = await handoffIn("REQUESTED");
    await step(ask, RECIPIENT, "rejectHandoff", id, { reason: "NO_CAPACITY" });
    await step(ask, "bridge", "rejectHandoff", id, { reason: "UNSAFE_COUNTRY" });
    const told = async (by: string) => {
      const { status, reason } = await see(ask, by, id);
      return [status, reason];
    };
    expect(await told(SENDER)).toEqual(["REJECTED", "UNSAFE_COUNTRY"]);
    for (const by of [RECIPIENT, "bridge"]) expect(await told(by)).toEqual(["REJECTED", null]);
  });
});

describe("an advisory in force that binds one candidate alone", () => {
  it("lets it not accept, and leaves the offer to those whom it binds not", async () => {
    // harbour comes to know of outsider; lantern and bridge do not.
    const { data } = await ask("outsider", "{ viewer { organisation { identityThumbprint } } }");
    const { identityThumbprint: thumbprint } = data["viewer"].organisation;
    await ask("harbour", `{ organisation(thumbprint: "${thumbprint}") { id } }`);
    const published = await mutate(ask, "outsider", "publishAdvisory", {
      country: "AM",
      riskProfiles: ["JOURNALIST"],
      level: "AVOID",
      hazards: ["ABDUCTION"],
      expiresAt: inDays(10),
    });
    const advisory = { id: published.data["publishAdvisory"].id as string };
    await mutate(ask, "harbour", "confirmAdvisory", advisory);
    const id = await handoffIn("REQUESTED");
    expect((await accept(ask, "harbour", id)).data["acceptHandoff"]).toMatchObject({
      __typename: "AdvisoryInForce",
      advisory,
    });
    expect((await see(ask, "harbour", id)).status).toBe("REQUESTED");
    expect((await accept(ask, "bridge", id)).data["acceptHandoff"].status).toBe("ACCEPTED");
    await mutate(ask, "outsider", "withdrawAdvisory", advisory);
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
