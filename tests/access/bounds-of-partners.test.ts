import { describe, expect, it } from "vitest";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { faultsOfAdvisory } from "../../src/modules/advisories/advisories.rules.ts";
import {
  faultsOfContact,
  faultsOfEnvelopes,
} from "../../src/modules/consulates/consulates.rules.ts";
import {
  faultsOfClientId,
  faultsOfJti,
  faultsOfKey,
  faultsOfMembers,
  faultsOfRegistration,
  faultsOfScopes,
  hasAdmin,
} from "../../src/modules/organisations/organisations.rules.ts";
import { faultsOfTerms, reachesTooMany } from "../../src/modules/sharing/grants.rules.ts";
import { after, DAY, holdsTo, many, NOW, SKEW } from "../support/bounds.ts";

describe("a grant is held to", () => {
  const sound = {
    scopes: ["beds:read"] as const,
    countries: null,
    validFrom: null,
    validUntil: null,
  };
  const shareable = [
    "beds:read",
    "beds:hold",
    "consulates:read",
    "consulates:reveal",
    "handoffs:offer",
  ];
  const others = SCOPES.filter((scope) => !shareable.includes(scope));
  holdsTo(sound, (input) => faultsOfTerms(input, NOW), [
    ["scopes.0", [{ scopes: shareable }], others.map((scope) => ({ scopes: [scope] }))],
    [
      "countries",
      [{ countries: many(250) }],
      [{ countries: [] }, { countries: many(251) }, { countries: ["AM", "AM"] }],
    ],
    ["validFrom", [{ validFrom: after(-SKEW) }], [{ validFrom: after(-SKEW - 1) }]],
    [
      "validUntil",
      [{ validUntil: after(1) }],
      [{ validUntil: NOW }, { validFrom: after(DAY), validUntil: after(DAY) }],
    ],
  ]);
  it("10,000 of its members, scopes and countries together", () => {
    const terms = { ...sound, scopes: ["beds:read", "beds:hold"] as const, countries: many(25) };
    expect([200, 201].map((members) => reachesTooMany(terms, members))).toEqual([false, true]);
    expect(reachesTooMany({ ...terms, countries: null }, 5_000)).toBe(false);
  });
});

describe("an advisory is held to", () => {
  const sound = {
    riskProfiles: ["OTHER"],
    hazards: ["DEPORTATION"],
    effectiveFrom: null as Date | null,
    expiresAt: after(DAY),
  };
  holdsTo(sound, (input) => faultsOfAdvisory(input, NOW), [
    ["riskProfiles", [], [{ riskProfiles: [] }, { riskProfiles: ["OTHER", "OTHER"] }]],
    ["hazards", [], [{ hazards: [] }, { hazards: ["X", "X"] }]],
    ["effectiveFrom", [{ effectiveFrom: after(-SKEW) }], [{ effectiveFrom: after(-SKEW - 1) }]],
    [
      "expiresAt",
      [{ expiresAt: after(1) }, { expiresAt: after(180 * DAY) }],
      [
        { expiresAt: NOW },
        { expiresAt: after(180 * DAY + 1) },
        { effectiveFrom: after(DAY), expiresAt: after(DAY) },
        { effectiveFrom: after(-SKEW), expiresAt: NOW },
      ],
    ],
  ]);
});

describe("a consulate contact is held to", () => {
  const sound = {
    locality: "Tbilisi",
    documents: [] as string[],
    riskProfiles: [] as string[],
    languages: ["de"],
    leadTimeDays: null as number | null,
    reviewBy: after(DAY),
    envelopes: [] as string[],
  };
  holdsTo(sound, (input) => faultsOfContact(input, NOW), [
    [
      "reviewBy",
      [{ reviewBy: after(1) }, { reviewBy: after(366 * DAY) }],
      [{ reviewBy: NOW }, { reviewBy: after(366 * DAY + 1) }],
    ],
    ["documents", [{ documents: many(20) }], [{ documents: many(21) }, { documents: ["X", "X"] }]],
    [
      "languages",
      [{ languages: ["x".repeat(35)] }],
      [{ languages: ["x".repeat(36)] }, { languages: ["en-x-room"] }, { languages: ["x-room"] }],
    ],
    [
      "leadTimeDays",
      [{ leadTimeDays: 0 }, { leadTimeDays: 730 }],
      [{ leadTimeDays: -1 }, { leadTimeDays: 731 }],
    ],
    ["envelopes", [{ envelopes: many(20) }], [{ envelopes: many(21) }]],
    ["locality", [], [{ locality: "" }]],
  ]);
  it("one envelope at least, where it is sealed", () => {
    expect([faultsOfEnvelopes([], 1).length, faultsOfEnvelopes(["x"], 1).length]).toEqual([1, 0]);
  });
});

describe("an organisation is held to", () => {
  const sound = {
    handle: "abc",
    issuer: "https://abc.example",
    jwksUri: null as string | null,
    signingKeys: ["key"] as unknown[],
  };
  holdsTo(sound, faultsOfRegistration, [
    [
      "handle",
      [{ handle: `a${"x".repeat(39)}` }],
      ["ab", `a${"x".repeat(40)}`, "ab-", "1ab", "Xabc", "abc!"].map((handle) => ({ handle })),
    ],
    [
      "issuer",
      [],
      [
        { issuer: "http://abc.example" },
        { issuer: "https://abc.example?x" },
        { issuer: "https://abc.example#x" },
        { issuer: "a https://abc.example" },
        { issuer: "https://abc.example/a b" },
        { issuer: "https://abc.example:port" },
      ],
    ],
    [
      "jwksUri",
      [{ jwksUri: "https://abc.example/jwks" }],
      ["http://abc.example", "https://a@abc.example", "https://:b@abc.example"].map((jwksUri) => ({
        jwksUri,
      })),
    ],
    [
      "signingKeys",
      [{ signingKeys: many(10) }, { signingKeys: [], jwksUri: "https://abc.example/jwks" }],
      [{ signingKeys: many(11) }, { signingKeys: [] }],
    ],
  ]);
  it("the scopes of who gives them, each once", () => {
    const faults = (...scopes: ("beds:read" | "beds:hold")[]) =>
      faultsOfScopes(scopes, new Set(["beds:read"])).length;
    expect([
      faults("beds:read"),
      faults(),
      faults("beds:hold"),
      faults("beds:read", "beds:read"),
    ]).toEqual([0, 1, 1, 1]);
  });
  it.each([
    ["clients", faultsOfClientId, ["a", "1.b_c-d", "a".repeat(128)], ["", "A", "-a", "a!", "!a"]],
    [
      "tokens",
      faultsOfJti,
      ["~".repeat(16), "!".repeat(128)],
      ["~".repeat(15), `${"~".repeat(16)} `],
    ],
  ])("names of %s that a token can bear", (_, faultsOf, taken, refused) => {
    const over = "a".repeat(129);
    expect(taken.flatMap(faultsOf)).toEqual([]);
    expect(
      [...refused, over, ` ${taken[0]}`].filter((name) => faultsOf(name).length === 0),
    ).toEqual([]);
  });
  it("ten keys of a use and two hundred members of a circle", () => {
    expect([faultsOfKey(9).length, faultsOfKey(10).length]).toEqual([0, 1]);
    expect([faultsOfMembers(many(200)).length, faultsOfMembers(many(201)).length]).toEqual([0, 1]);
  });
  it("an admin who is not revoked and can manage clients", () => {
    const admin = { kind: "ADMIN", scopes: ["clients:manage"], revoked_at: null };
    const others = [
      { ...admin, kind: "BOT" },
      { ...admin, scopes: ["beds:read"] },
      { ...admin, revoked_at: NOW },
    ];
    expect([hasAdmin([...others, admin]), hasAdmin(others)]).toEqual([true, false]);
  });
});
