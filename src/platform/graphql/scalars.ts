import { GraphQLError } from "graphql";
import { COUNTRY_CODES } from "../../kernel/countries.ts";
import { parsePublicJwk } from "../../kernel/jwk.ts";
import { builder } from "./builder.ts";

const refuse = (what: string): never => {
  throw new GraphQLError(`must be ${what}`, { extensions: { code: "BAD_USER_INPUT" } });
};

/** Of an instant: that RFC 3339 has a spelling for it in UTC, and PostgreSQL a year. */
function isInCalendar(instant: Date): boolean {
  const year = instant.getUTCFullYear();
  return year >= 1 && year <= 9999;
}

function parseDate(value: unknown): string {
  if (typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value)) {
    const instant = new Date(`${value}T00:00:00Z`);
    if (isInCalendar(instant) && instant.toISOString().startsWith(value)) return value;
  }
  return refuse("an RFC 3339 full-date in the years 0001 to 9999, such as 2026-03-01");
}

builder.scalarType("Date", {
  description:
    "RFC 3339 full-date, in the years 0001 to 9999. A night is named by its check-in date.",
  serialize: (value) => value,
  parseValue: parseDate,
});

/** PostgreSQL's text of an instant, in UTC to the microsecond at most, without a Date made of it. */
function spellInstant(text: string): string {
  if (!/^\d{4}-\d\d-\d\d [\d:]{8}(\.\d+)?\+00$/.test(text)) return new Date(text).toISOString();
  const thousandths = text.length === 22 ? "000" : text.slice(20, -3).slice(0, 3).padEnd(3, "0");
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${thousandths}Z`;
}

builder.scalarType("DateTime", {
  description:
    "RFC 3339, UTC, to the millisecond, in the years 0001 to 9999. Taken with any offset, and cut to the millisecond; with T and Z in capitals, and without leap seconds.",
  serialize: (value) => (typeof value === "string" ? spellInstant(value) : value.toISOString()),
  parseValue(value) {
    const pattern =
      /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
    const match = typeof value === "string" ? pattern.exec(value) : null;
    const instant = match ? new Date(match[0]) : null;
    if (!instant || !isInCalendar(instant))
      return refuse(
        "an RFC 3339 date-time in the years 0001 to 9999, such as 2026-03-01T12:00:00Z",
      );
    parseDate(match![1]);
    return instant;
  },
});

builder.scalarType("CountryCode", {
  description: "ISO 3166-1 alpha-2, upper case, officially assigned.",
  serialize: (value) => value,
  parseValue: (value) =>
    typeof value === "string" && COUNTRY_CODES.has(value)
      ? value
      : refuse("an ISO 3166-1 alpha-2 country code, such as AM"),
});

/** 256 bits in canonical base64url. */
const SHA256 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
builder.scalarType("Thumbprint", {
  description: "RFC 7638 SHA-256 JWK thumbprint, base64url.",
  serialize: (value) => value,
  parseValue: (value) =>
    typeof value === "string" && SHA256.test(value)
      ? value
      : refuse("an RFC 7638 SHA-256 thumbprint: 43 characters of base64url"),
});

builder.scalarType("PublicJwk", {
  description:
    "RFC 7517 public key: EC P-256 or OKP Ed25519 to sign, EC P-256 to seal; no private members, and none but kty, crv, x and y is kept.",
  serialize: (value) => value,
  parseValue(value) {
    const parsed = parsePublicJwk(value, "SIGN");
    return parsed.ok
      ? parsed.jwk
      : refuse(`a public JSON Web Key (RFC 7517), but it ${parsed.message}`);
  },
});

/** 64 KiB of padded claims, signed and encrypted; the exact shape is inspected where one is handed in. */
const LONGEST_ENVELOPE = 200_000;
builder.scalarType("SealedEnvelope", {
  description:
    "JWE compact: alg ECDH-ES+A256KW, enc A256GCM, kid of an active sealing key of one organisation, typ `sealed+jwe`; inside it a JWS of the sender. Padded to 1, 4, 16 or 64 KiB.",
  serialize: (value) => value,
  parseValue: (value) =>
    typeof value === "string" && value.length <= LONGEST_ENVELOPE
      ? value
      : refuse("a JWE in compact serialisation"),
});

builder.scalarType("EnvelopeDigest", {
  description:
    "Names one SealedEnvelope: SHA-256 of its ASCII text, base64url without padding (43 characters), as `ath` of RFC 9449 names a token. Whoever read it makes it of what was read.",
  serialize: (value) => value,
  parseValue: (value) =>
    typeof value === "string" && SHA256.test(value)
      ? value
      : refuse("the SHA-256 of an envelope's text: 43 characters of base64url"),
});

/** More than any field takes: what it takes to read one is the square of its length. */
const LONGEST_LANGUAGE = 255;
builder.scalarType("LanguageTag", {
  description:
    "BCP 47, in canonical form, such as de, fa-AF or sr-Latn; in another form, or case, refused.",
  serialize: (value) => value,
  parseValue(value) {
    try {
      // Of an object it would read as many members as that says to have, without end.
      const isShort = typeof value === "string" && value.length <= LONGEST_LANGUAGE;
      if (isShort && Intl.getCanonicalLocales(value)[0] === value) return value;
    } catch {
      // RangeError: told below
    }
    return refuse("a BCP 47 language tag in canonical form, such as fa-AF");
  },
});
