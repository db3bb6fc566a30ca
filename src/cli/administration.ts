import * as operations from "../client/operations.ts";
import {
  type Administration,
  type Given,
  listOf,
  SCOPES_OPTION,
  scopesOf,
  wholeOf,
} from "./administration-entry.ts";
import { SCOPES } from "../kernel/scopes.ts";
import { Stop } from "./command.ts";
import type { Named } from "./named.ts";

const grantee = async (given: Given, named: Named) => {
  const { circle } = given.options;
  const [word] = given.words;
  if ((circle === undefined) === (word === undefined)) {
    throw new Stop("Name the organisation, or --circle, and not both.");
  }
  return circle === undefined
    ? { organisationId: await named.organisation(word!) }
    : { circleId: await named.circle(circle) };
};

export const ADMINISTRATION_COMMANDS: Readonly<Record<string, Administration>> = {
  whoami: {
    summary: "Say who you are to the network, and what you may do.",
    operation: operations.Viewer,
    scopes: [],
    also: SCOPES,
    example: "whoami --organisation harbour",
    variables: () => ({}),
  },
  "org list": {
    summary: "List the organisations that you know of.",
    operation: operations.Organisations,
    scopes: ["organisations:read"],
    example: "org list --organisation coordinator",
    variables: () => ({}),
  },
  "org show": {
    summary: "Show one; naming its thumbprint introduces it to you.",
    operation: operations.Organisation,
    scopes: ["organisations:read"],
    words: ["organisation"],
    example: "org show harbour --organisation lantern",
    variables: async ({ words }, named) => ({ id: await named.organisation(words[0]!) }),
  },
  "org register": {
    summary: "Let an organisation in, by the thumbprint that it read out to you.",
    operation: operations.RegisterOrganisation,
    scopes: ["network:admin"],
    words: ["introduction.json"],
    options: {
      thumbprint: "as it was read out to you, by another way than the file came",
      scopes: `its ceiling, ${SCOPES_OPTION}`,
    },
    required: ["thumbprint", "scopes"],
    example:
      'org register orchard/introduction.json --thumbprint "$(cat orchard/thumbprint)" --scopes organisations:read,beds:read,beds:hold,beds:manage,sharing:manage,clients:manage,keys:manage,audit:read --organisation coordinator',
    next: "it registers its own clients with `wayhouse clients register`, as its client admin.",
    async variables({ words, options }) {
      // It knows the rules of the modules, which take a second to load: for this command alone.
      const { vouchedFor } = await import("./vouched-for.ts");
      const { introduction, identity, signing } = vouchedFor(words[0]!, options["thumbprint"]!);
      const { handle, issuer } = introduction;
      const signingKeys = signing.map(({ jwk }) => jwk);
      const scopes = scopesOf(options["scopes"]);
      return { input: { handle, issuer, identityKey: identity.jwk, signingKeys, scopes } };
    },
  },
  "org scopes": {
    summary: "Set what an organisation may do at all.",
    operation: operations.SetOrganisationScopes,
    scopes: ["network:admin"],
    words: ["organisation"],
    options: { scopes: `all of its ceiling, ${SCOPES_OPTION}` },
    required: ["scopes"],
    example:
      "org scopes bridge --scopes organisations:read,beds:read,sharing:manage,clients:manage --organisation coordinator",
    variables: async ({ words, options }, named) => ({
      input: {
        organisationId: await named.organisation(words[0]!),
        scopes: scopesOf(options["scopes"]),
      },
    }),
  },
  "org status": {
    summary: "Suspend another organisation, lock it down, or let it back in.",
    operation: operations.SetOrganisationStatus,
    scopes: ["network:admin"],
    words: ["organisation", "ACTIVE|SUSPENDED|LOCKED_DOWN"],
    example: "org status bridge SUSPENDED --organisation coordinator",
    next: "suspended, its grants lie dormant; locked down, they are revoked for good.",
    variables: async ({ words }, named) => ({
      input: { organisationId: await named.organisation(words[0]!), status: words[1] },
    }),
  },
  "org lock-down": {
    summary: "The panic button: end all of your own organisation at once.",
    operation: operations.LockDownOrganisation,
    scopes: ["clients:manage"],
    example: "org lock-down --organisation outsider",
    next: "a network admin alone lets you back in: `wayhouse org status <you> ACTIVE`.",
    variables: (_, named) => ({ input: { organisationId: named.own } }),
  },
  "network status": {
    summary: "Lock the whole network down, or open it again.",
    operation: operations.SetNetworkStatus,
    scopes: ["network:admin"],
    words: ["ACTIVE|LOCKED_DOWN"],
    example: "network status ACTIVE --organisation coordinator",
    variables: ({ words }) => ({ input: { status: words[0] } }),
  },
  "circles list": {
    summary: "List your circles.",
    operation: operations.Circles,
    scopes: ["organisations:read"],
    example: "circles list --organisation harbour",
    variables: () => ({}),
  },
  "circles create": {
    summary: "Form a circle, whose members know of one another.",
    operation: operations.CreateCircle,
    scopes: ["network:admin"],
    words: ["name"],
    options: { steward: "an organisation; default: yours", members: "organisations: a,b,c" },
    required: ["members"],
    example: 'circles create "Black Sea" --members harbour,lantern --organisation coordinator',
    variables: async ({ words, options }, named) => ({
      input: {
        name: words[0],
        stewardId: options["steward"] ? await named.organisation(options["steward"]) : named.own,
        memberIds: await named.organisations(listOf(options["members"])),
      },
    }),
  },
  "circles members": {
    summary: "Set who is in a circle.",
    operation: operations.SetCircleMembers,
    scopes: ["network:admin"],
    words: ["circle"],
    options: { members: "all of them: a,b,c" },
    required: ["members"],
    example:
      'circles members "Black Sea" --members harbour,lantern,bridge --organisation coordinator',
    next: "who joins gets nothing of a grant given before: its owner gives it again.",
    variables: async ({ words, options }, named) => ({
      input: {
        circleId: await named.circle(words[0]!),
        memberIds: await named.organisations(listOf(options["members"])),
      },
    }),
  },
  "grants list": {
    summary: "List what you share, or what is shared with you.",
    operation: operations.SharingGrants,
    scopes: ["sharing:manage"],
    words: ["GIVEN|RECEIVED"],
    example: "grants list GIVEN --organisation harbour",
    variables: ({ words }) => ({ direction: words[0] }),
  },
  "grants give": {
    summary: "Let an organisation, or a circle, use what is yours.",
    operation: operations.GrantScopes,
    scopes: ["sharing:manage"],
    words: ["[organisation]"],
    options: {
      circle: "a circle, instead of an organisation",
      scopes: SCOPES_OPTION,
      countries: "as in AM,GE; default: every one",
      until: "RFC 3339, as in 2031-01-01T00:00:00Z; default: until revoked",
    },
    required: ["scopes"],
    example:
      "grants give lantern --scopes beds:read,beds:hold --countries AM --organisation harbour",
    next: "to end it: `wayhouse grants revoke <id>`.",
    variables: async (given, named) => ({
      input: {
        ...(await grantee(given, named)),
        scopes: scopesOf(given.options["scopes"]),
        ...(given.options["countries"] && { countries: listOf(given.options["countries"]) }),
        ...(given.options["until"] && { validUntil: given.options["until"] }),
      },
    }),
  },
  "grants revoke": {
    summary: "End a grant of yours, at once.",
    operation: operations.RevokeGrant,
    scopes: ["sharing:manage"],
    words: ["id"],
    example: 'grants revoke "$GRANT" --organisation harbour',
    variables: ({ words }) => ({ input: { id: words[0] } }),
  },
  "shelters add": {
    summary: "Put in a shelter of yours and its beds.",
    operation: operations.CreateShelter,
    scopes: ["beds:manage"],
    words: ["label"],
    options: {
      country: "ISO 3166-1, as in AM",
      locality: "a city or region; nothing finer",
      kind: "HOSTEL, APARTMENT, HOST_FAMILY or HOTEL",
      beds: "of every night",
    },
    required: ["country", "locality", "kind", "beds"],
    example:
      'shelters add "Quince" --country AM --locality Yerevan --kind HOSTEL --beds 6 --organisation harbour --client bot',
    next: "`wayhouse grants give`: until then nobody else sees it.",
    variables: ({ words, options: { country, locality, kind, beds } }) => ({
      input: {
        label: words[0],
        country,
        locality,
        kind,
        features: [],
        beds: wholeOf("beds", beds),
      },
    }),
  },
  "beds find": {
    summary: "Find free beds that are shared with you.",
    operation: operations.BedAvailability,
    scopes: ["beds:read"],
    also: ["beds:hold"],
    options: {
      country: "ISO 3166-1, as in AM",
      "check-in": "the first night, as in 2031-01-01; default: today",
      nights: "how many; default 1",
    },
    required: ["country"],
    example: "beds find --country AM --organisation lantern --client bot",
    next: "exact counts are told to a client with beds:hold, where the owner shares that, too.",
    variables({ options }) {
      const nights = wholeOf("nights", options["nights"] ?? "1");
      const checkIn = options["check-in"] ?? new Date().toISOString().slice(0, 10);
      const first = Date.parse(`${checkIn}T00:00:00Z`);
      if (Number.isNaN(first)) throw new Stop("--check-in must be a date, as in 2031-01-01.");
      const checkOut = new Date(first + nights * 86_400_000).toISOString().slice(0, 10);
      return { search: { country: options["country"], checkIn, checkOut } };
    },
  },
};
