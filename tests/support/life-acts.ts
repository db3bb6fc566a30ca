import { expect } from "vitest";
import { PURGES } from "../../src/platform/jobs/tasks.ts";
import { type Answer, codeOf, night } from "./demo.ts";
import { accept, inDays, meddle, offer, step } from "./handoffs.ts";
import { envelopeFor } from "./keys.ts";
import {
  BEDS,
  type Case,
  type Hold,
  HOST,
  type Lives,
  type Name,
  ORGANISATIONS,
  STEPS,
} from "./life-model.ts";
import type { Scene } from "./life-scene.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

const HOURS = { EMERGENCY: 24, URGENT: 72, ROUTINE: 336 } as const;
/** So few that all of it meets; the first is tomorrow. */
const NIGHTS = [1, 2, 3, 4];
const REFUSED = "{ __typename }";

/** One act of somebody, answered as the model says; what was done. `earlier`: holds of other stories. */
export function actsOf(scene: Scene, lives: Lives, random: Random, earlier: ReadonlySet<string>) {
  const { demo, shelterId, ids } = scene;
  const ask = demo.ask.bind(demo);

  async function offerOne(): Promise<string> {
    const sender = random.pick(ORGANISATIONS);
    const others = ORGANISATIONS.filter((name) => name !== sender);
    const candidates = random.chance(0.6) ? others : [random.pick(others)];
    const isAtRisk = random.chance(0.7);
    const priority = random.pick(["EMERGENCY", "URGENT", "ROUTINE"] as const);
    const days = random.pick([2, 30]);
    if (lives.suspended.has(sender)) return "offer by nobody";
    const answer = await offer(ask, sender, [], {
      candidateIds: candidates.map((name) => ids.get(name)),
      priority,
      riskProfile: isAtRisk ? "JOURNALIST" : "OTHER",
      consent: { purpose: "SHELTER", givenAt: inDays(-1), expiresAt: inDays(days) },
    });
    const reaches = candidates.every((name) => !lives.suspended.has(name));
    const expected = reaches
      ? lives.isClosed({ isAtRisk })
        ? "AdvisoryInForce"
        : "OK"
      : "NOT_FOUND";
    expect(outcomeOf(answer, "offerHandoff"), `${sender} offers`).toBe(expected);
    if (expected !== "OK") return "offer refused";
    const id = answer.data["offerHandoff"].id as string;
    lives.cases.push({
      id,
      sender,
      candidates: new Map(candidates.map((name) => [name, false])),
      acknowledged: new Set(),
      isAtRisk,
      answerWithin: HOURS[priority],
      decideBy: lives.now + 2 * HOURS[priority],
      consentUntil: lives.now + 24 * days,
      status: "REQUESTED",
      recipient: null,
      heldFrom: null,
      isSealed: false,
      sealBy: Infinity,
    });
    lives.tell(id, [sender, ...candidates]);
    return "offer";
  }

  async function stepOne(): Promise<string> {
    const open = lives.cases.filter((one) => lives.isOpen(one));
    const one = random.pick(open.length > 0 && random.chance(0.85) ? open : lives.cases);
    const by = random.pick(ORGANISATIONS);
    // More often than not what leads on: otherwise few live to see their end.
    const legal = STEPS.filter((field) => lives.answerTo(field, by, one) === "OK");
    const field = legal.length > 0 && random.chance(0.7) ? random.pick(legal) : random.pick(STEPS);
    const answered = lives.answerTo(field, by, one);
    const what = `${by} ${field} of ${one.status}`;
    if (field === "acceptHandoff" && random.chance(0.5)) return acceptWithBeds(by, one, answered);
    const answer =
      field === "sealHandoff"
        ? await mutate(ask, by, field, { id: one.id, envelope: await sealed(by, one) }, REFUSED)
        : await step(ask, by, field, one.id);
    expect(outcomeOf(answer, field), what).toBe(answered);
    if (answered === "OK") lives.take(field, by, one);
    return what;
  }

  const sealed = (from: Name, { id, recipient }: Case) => {
    const to = recipient ?? from;
    return envelopeFor(scene.demo, {
      from,
      to,
      key: scene.keys.get(to)!,
      subject: id,
      text: "A file.",
    });
  };

  const draw = () => {
    const from = random.pick(NIGHTS);
    const until = from + 1 + random.below(2);
    const [beds, minutes] = [1 + random.below(2), random.pick([60, 600, 6_000])];
    const stays = [{ shelterId, beds, checkIn: night(from), checkOut: night(until) }];
    return { from, until, beds, expiresAt: lives.now + minutes / 60, minutes, stays };
  };

  async function acceptWithBeds(by: Name, one: Case, answered: string): Promise<string> {
    const { stays, minutes, ...want } = draw();
    const riskProfile = one.isAtRisk ? "JOURNALIST" : "OTHER";
    const holdBeds = { idempotencyKey: "with-it", stays, riskProfile, ttlMinutes: minutes };
    const answer = await accept(ask, by, one.id, { holdBeds });
    const beds = lives.answerToHold(by, { holder: by, isAtRisk: one.isAtRisk, ...want });
    const expected = answered === "OK" ? beds : answered;
    const what = `${by} accepts ${one.status} with beds`;
    expect(outcomeOf(answer, "acceptHandoff"), what).toBe(expected);
    if (expected !== "OK") return what;
    lives.take("acceptHandoff", by, one);
    const { data } = await ask(
      by,
      `{ bedHolds(side: HOLDER, statuses: [HELD], first: 100) { edges { node { id } } } }`,
    );
    const known = new Set(lives.holds.map(({ id }) => id));
    const ids = (data["bedHolds"].edges as { node: { id: string } }[]).map(({ node }) => node.id);
    const fresh = ids.filter((id) => !known.has(id) && !earlier.has(id));
    expect(fresh, what).toHaveLength(1);
    keep(fresh[0]!, by, want);
    return what;
  }

  function keep(
    id: string,
    holder: Name,
    want: Pick<Hold, "from" | "until" | "beds" | "expiresAt">,
  ) {
    lives.holds.push({ id, holder, ...want, status: "HELD" });
    lives.tell(id, [holder, HOST]);
  }

  async function holdOne(): Promise<string> {
    const { stays, minutes, ...want } = draw();
    const holder = random.pick(ORGANISATIONS);
    const isAtRisk = random.chance(0.5);
    const input = { stays, ttlMinutes: minutes, riskProfile: isAtRisk ? "JOURNALIST" : "OTHER" };
    const answer = await mutate(
      ask,
      holder,
      "holdBeds",
      input,
      "{ __typename ... on BedHold { id } }",
    );
    const expected = lives.answerToHold(holder, { holder, isAtRisk, ...want });
    expect(outcomeOf(answer, "holdBeds"), `${holder} holds`).toBe(expected);
    if (expected === "OK") keep(answer.data["holdBeds"].id as string, holder, want);
    return `${holder} holds ${want.beds}`;
  }

  async function moveOne(): Promise<string> {
    const hold = random.pick(lives.holds);
    const by = random.chance(0.6) ? hold.holder : random.pick(ORGANISATIONS);
    const field = random.pick(["confirmBedHold", "releaseBedHold", "declineBedHold"] as const);
    const expected = lives.answerToMove(field, by, hold);
    const what = `${by} ${field} of ${hold.status}`;
    const answer = await mutate(ask, by, field, { id: hold.id }, "{ __typename }");
    expect(outcomeOf(answer, field), what).toBe(expected);
    if (expected !== "OK") return what;
    const to = {
      confirmBedHold: "CONFIRMED",
      releaseBedHold: "RELEASED",
      declineBedHold: "DECLINED",
    };
    hold.status = to[field];
    lives.tell(hold.id, [hold.holder, HOST]);
    return what;
  }

  async function setBeds(): Promise<string> {
    const maximum = BEDS - 1 + random.below(3);
    const most = Math.max(
      ...NIGHTS.concat(5).map((one) => lives.promised(one, "HELD", "CONFIRMED")),
    );
    const nights = { shelterId, from: night(0), until: night(10), maximum };
    const answer = await mutate(ask, HOST, "setBeds", nights);
    const expected = lives.suspended.has(HOST)
      ? "UNAUTHENTICATED"
      : most > maximum
        ? "BAD_USER_INPUT"
        : "OK";
    expect(outcomeOf(answer, "setBeds"), "sets beds").toBe(expected);
    if (expected === "OK") lives.maximum = maximum;
    return `sets ${maximum} beds`;
  }

  async function warn(): Promise<string> {
    const { advisory } = lives;
    const [issuer, second] = ["bridge", "harbour"] as const;
    if (lives.suspended.has(issuer) || lives.suspended.has(second)) return "warns nobody";
    if (advisory === null || advisory.until <= lives.now) {
      const warning = { country: "AM", riskProfiles: ["JOURNALIST"], level: "AVOID" };
      const [hazards, expiresAt] = [["ABDUCTION"], inDays(2)];
      const { data } = await mutate(ask, issuer, "publishAdvisory", {
        ...warning,
        hazards,
        expiresAt,
      });
      lives.advisory = {
        id: data["publishAdvisory"].id,
        isConfirmed: false,
        until: lives.now + 48,
      };
      return "warns";
    }
    const { id } = advisory;
    if (advisory.isConfirmed) {
      await mutate(ask, issuer, "withdrawAdvisory", { id });
      lives.advisory = null;
      return "withdraws the warning";
    }
    await mutate(ask, second, "confirmAdvisory", { id });
    advisory.isConfirmed = true;
    lives.close();
    return "confirms the warning";
  }

  async function setStatus(name: Name, status: "ACTIVE" | "SUSPENDED"): Promise<string> {
    const organisationId = ids.get(name)!;
    await mutate(ask, "coordinator", "setOrganisationStatus", { organisationId, status });
    if (status === "ACTIVE") lives.suspended.delete(name);
    else lives.suspend(name);
    return `${name} is ${status}`;
  }

  async function pass(): Promise<string> {
    const hours = random.pick([1, 11, 25, 49]);
    await meddle(demo, PASS, [`${hours} hours`]);
    if (lives.pass(hours)) for (const { text } of PURGES) await meddle(demo, text);
    return `${hours} hours pass`;
  }

  async function settle(): Promise<string> {
    await meddle(demo, "select settle_handoffs(1000), settle_overdue_holds(null, 1000)");
    return "the clock comes by";
  }

  async function act(): Promise<string> {
    const chance = random.below(100);
    const open = lives.cases.filter((one) => lives.isOpen(one)).length;
    if (lives.cases.length === 0 || (chance < 14 && open < 5)) return offerOne();
    if (chance < 55) return stepOne();
    if (chance < 66) return lives.holds.length < 9 ? holdOne() : moveOne();
    if (chance < 78) return lives.holds.length > 0 ? moveOne() : holdOne();
    if (chance < 81) return setBeds();
    if (chance < 86) return warn();
    if (chance < 90) {
      const name = random.pick(ORGANISATIONS);
      return setStatus(name, lives.suspended.has(name) ? "ACTIVE" : "SUSPENDED");
    }
    // Suspended for ever nothing goes on.
    if (chance < 93 && lives.suspended.size > 0)
      return setStatus([...lives.suspended][0]!, "ACTIVE");
    return chance < 97 ? pass() : settle();
  }
  return { act, settle, activate: (name: Name) => setStatus(name, "ACTIVE") };
}

const GOOD = ["Handoff", "BedHold", "Shelter"];
function outcomeOf(answer: Answer, field: string): string {
  const code = codeOf(answer);
  if (code !== undefined) return code;
  const told = answer.data?.[field];
  return told.__typename === undefined || GOOD.includes(told.__typename) ? "OK" : told.__typename;
}
/** Time passes for all that a deadline hangs on. */
const PASS = `with handoffs as (
    update handoff set decide_by = decide_by - $1::interval, acknowledge_by = acknowledge_by - $1::interval,
      seal_by = seal_by - $1::interval, consent_given_at = consent_given_at - $1::interval,
      consent_expires_at = consent_expires_at - $1::interval),
  advisories as (
    update advisory set effective_from = effective_from - $1::interval, expires_at = expires_at - $1::interval)
  update bed_hold set expires_at = expires_at - $1::interval`;
