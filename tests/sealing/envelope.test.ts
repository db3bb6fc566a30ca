import { generateKeyPairSync } from "node:crypto";
import { build } from "esbuild";
import fc from "fast-check";
import { CompactSign, importJWK, type JWK } from "jose";
import { describe, expect, it } from "vitest";
import { inspect, MOST_CONTENT, open, seal, SealingError, SIZES } from "../../src/sealing/index.ts";
import { signCompact } from "../../src/sealing/jws.ts";
import { ed25519, forge, NOW, p256, pair } from "../support/sealing.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const reasonOf = async (work: Promise<unknown>) =>
  work.then(
    () => "OPENED",
    (error: unknown) => (error instanceof SealingError ? error.reason : String(error)),
  );
describe("an envelope", () => {
  it.each([
    ["Ed25519", ed25519],
    ["P-256", p256],
  ])("signed with %s opens to what was sealed, and has one of four lengths", async (_, makeKey) => {
    const { sealing, opening, kid } = await pair(makeKey());
    const lengths = new Map<number, number>();
    for (const size of [0, 1, 700, 760, 3000, 5000, 15_000, 17_000, 60_000, MOST_CONTENT]) {
      const content = crypto.getRandomValues(new Uint8Array(Math.min(size, 60_000)));
      const envelope = await seal(sealing(content));
      const seen = await inspect(envelope);
      expect(seen).toMatchObject({ ok: true, kid });
      lengths.set(envelope.length, (seen as { size: number }).size);
      expect((await open(opening(envelope))).content).toEqual(content);
    }
    expect([...lengths.values()]).toEqual([...SIZES]);
  });

  it("has the same four lengths whatever key signs", async () => {
    const lengths = await Promise.all(
      [ed25519(), p256()].map(async (key) => (await seal((await pair(key)).sealing("x"))).length),
    );
    expect(new Set(lengths).size).toBe(1);
  });

  it("opens to any text", async () => {
    const { sealing, opening } = await pair();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 2000 }), async (written) => {
        const envelope = await seal(sealing(written));
        expect(text((await open(opening(envelope))).content)).toBe(
          text(new TextEncoder().encode(written)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("holds no more than the largest size", async () => {
    const { sealing } = await pair();
    expect(await reasonOf(seal(sealing(new Uint8Array(MOST_CONTENT + 1))))).toBe("TOO_LARGE");
  });

  it("is opened by nobody else, for nothing else, and not for ever", async () => {
    const { sealing, opening, senderKey } = await pair();
    const envelope = await seal(sealing("the file"));
    const other = "other".padEnd(43, "A");
    for (const [reason, change] of [
      ["NOT_FOR_THIS_KEY", { privateKeys: [p256(), senderKey] }],
      ["UNKNOWN_SIGNER", { senderKeys: [ed25519()] }],
      ["WRONG_SENDER", { sender: other }],
      ["WRONG_AUDIENCE", { audience: other }],
      ["WRONG_SUBJECT", { subject: "SGFuZG9mZjoy" }],
      ["EXPIRED", { now: sealing("").expiresAt }],
      ["NOT_YET", { now: new Date(NOW.getTime() - 3_600_000) }],
    ] as const) {
      expect(await reasonOf(open(opening(envelope, change)))).toBe(reason);
    }
  });

  it("passed on by its recipient is not taken for the recipient's (surreptitious forwarding)", async () => {
    const { sealing, opening } = await pair();
    const third = p256();
    const envelope = await seal(sealing("the file", { recipientKey: third }));
    const asThird = { privateKeys: [third], audience: "third".padEnd(43, "A") };
    expect(await reasonOf(open(opening(envelope, asThird)))).toBe("WRONG_AUDIENCE");
  });

  it("with one character changed is refused", async () => {
    const { sealing, opening } = await pair();
    const envelope = await seal(sealing("the file"));
    for (let at = 0; at < envelope.length; at += 23) {
      const changed = envelope[at] === "A" ? "B" : "A";
      const mutated = envelope.slice(0, at) + changed + envelope.slice(at + 1);
      expect(await reasonOf(open(opening(mutated)))).not.toBe("OPENED");
    }
  });

  it("unsigned, signed by no key of the sender, or padded with something is refused", async () => {
    const { opening, senderKey, recipientKey, sealing } = await pair();
    const kid = (await pair(senderKey)).kid;
    const claims = { iss: "a", aud: "b", sub: "c", iat: 1, exp: 2, size: 1 };
    const payload = new TextEncoder().encode(`${JSON.stringify(claims)}\n`.padEnd(1024, "x"));
    const jws = await new CompactSign(payload)
      .setProtectedHeader({ alg: "EdDSA", kid, typ: "sealed+jws" })
      .sign(await importJWK(ed25519(), "EdDSA"));
    const seen = await inspect(await seal(sealing("x")));
    const own = { kid: (seen as { kid: string }).kid };
    for (const inner of [jws, "x".repeat(jws.length), `${jws.slice(0, -86)}${"A".repeat(86)}`]) {
      const forged = await forge(recipientKey, inner, own);
      expect(["UNKNOWN_SIGNER", "NOT_CANONICAL"]).toContain(await reasonOf(open(opening(forged))));
    }
  });
});

/** The base64url of a header that is as canonical as it is deep. */
const deep = Buffer.from(`{"alg":${"[".repeat(20_000)}${"]".repeat(20_000)}}`).toString(
  "base64url",
);

describe("whoever signs may write anything: it", () => {
  it("is refused for a header that is nested too deep, and not a fault of the reader's", async () => {
    const { sealing, opening, recipientKey, kid } = await pair();
    const envelope = await seal(sealing("x".repeat(60_000)));
    const { length } = Buffer.from(envelope.split(".")[3]!, "base64url");
    const inner = `${deep}.${"A".repeat(length - deep.length - 90)}.${"A".repeat(88)}`;
    const forged = await forge(recipientKey, inner, { kid });
    expect(await inspect(forged)).toMatchObject({ ok: true });
    expect(await reasonOf(open(opening(forged)))).toBe("WRONG_HEADER");
  });

  it("is refused for a kid that is no text, and cannot even be made one", async () => {
    const { sealing, opening, recipientKey, kid } = await pair();
    const envelope = await seal(sealing("x"));
    const { length } = Buffer.from(envelope.split(".")[3]!, "base64url");
    const odd = { alg: "EdDSA", kid: { toString: 1, valueOf: 1 }, typ: "sealed+jws" };
    const header = Buffer.from(JSON.stringify(odd)).toString("base64url");
    const payload = "A".repeat(((length - header.length - 88) & ~3) + 2);
    const inner = `${header}.${payload}.`.padEnd(length, "A");
    const forged = await forge(recipientKey, inner, { kid });
    expect(await reasonOf(open(opening(forged)))).toBe("UNKNOWN_SIGNER");
  });

  it("is refused for content of another length than it says, and for a claim that nobody knows", async () => {
    const { opening, senderKey, recipientKey, kid } = await pair();
    const { sender: iss, audience: aud, subject: sub, now } = opening("");
    const iat = now.getTime() / 1000;
    const said = { iss, aud, sub, iat, exp: iat + 1, size: 1 };
    for (const [reason, claims, content] of [
      ["OPENED", said, "x"],
      ["BAD_PADDING", said, "xy"],
      ["BAD_PADDING", { ...said, size: 1_024 }, "x"],
      ["BAD_CLAIMS", { ...said, note: "x" }, "x"],
    ] as const) {
      const padded = `${JSON.stringify(claims)}\n${content}`.padEnd(1_024, "\0");
      const inner = await signCompact(new TextEncoder().encode(padded), senderKey, "sealed+jws");
      expect(await reasonOf(open(opening(await forge(recipientKey, inner, { kid }))))).toBe(reason);
    }
  });

  it("is refused for a time that no calendar has", async () => {
    const { sealing, opening } = await pair();
    const expiresAt = { getTime: () => 8.64e15 + 1000 } as Date;
    const envelope = await seal(sealing("x", { expiresAt }));
    expect(await reasonOf(open(opening(envelope)))).toBe("BAD_CLAIMS");
    const last = await seal(sealing("x", { expiresAt: new Date(8.64e15) }));
    expect((await open(opening(last))).expiresAt.toISOString()).toMatch(/^\+275760/);
  });
});

describe("a key to seal to", () => {
  const sound = p256();
  it.each<[string, unknown]>([
    [
      "of another curve",
      generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" }),
    ],
    ["to sign alone", ed25519()],
    ["of another kind", { kty: "RSA", n: "AQAB", e: "AQAB" }],
    ["that lies on no curve", { ...sound, y: sound.x }],
    ["that is too short", { ...sound, x: sound.x!.slice(4) }],
    ["in another alphabet", { ...sound, x: `${sound.x}=` }],
    ["of numbers", { ...sound, x: 1, y: 2 }],
    ["that is none", null],
  ])("%s is refused by its reason", async (_, recipientKey) => {
    const { sealing } = await pair();
    const sealed = seal(sealing("x", { recipientKey: recipientKey as JWK }));
    expect(await reasonOf(sealed)).toBe("BAD_KEY");
  });

  it("is the partner's to choose, and the one to sign with its owner's: of no point it is refused, too", async () => {
    const { sealing } = await pair();
    const sealed = seal(sealing("x", { senderKey: { ...ed25519(), d: "AA" } }));
    expect(await reasonOf(sealed)).toBe("BAD_KEY");
  });
});

describe("what the server may see", () => {
  it("refuses every other shape, without a key at hand", async () => {
    const { sealing, recipientKey } = await pair();
    const envelope = await seal(sealing("the file"));
    const [header, key, iv, ciphertext, tag] = envelope.split(".") as [
      string,
      string,
      string,
      string,
      string,
    ];
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const members = JSON.parse(Buffer.from(header, "base64url").toString()) as Record<
      string,
      object
    >;
    const withHeader = (value: unknown) => [encode(value), key, iv, ciphertext, tag].join(".");
    const { x, y } = members["epk"] as { x: string; y: string };
    const cases: [string, string][] = [
      ["NOT_CANONICAL", ""],
      ["NOT_CANONICAL", envelope.slice(0, envelope.lastIndexOf("."))],
      ["NOT_CANONICAL", `${envelope}=`],
      ["NOT_CANONICAL", `${envelope}.AAAA`],
      [
        "NOT_CANONICAL",
        envelope.replace(tag, `${tag.slice(0, -1)}${tag.endsWith("B") ? "D" : "B"}`),
      ],
      ["WRONG_HEADER", withHeader({ ...members, zip: "DEF" })],
      ["WRONG_HEADER", withHeader({ ...members, crit: ["exp"] })],
      ["WRONG_HEADER", withHeader({ ...members, alg: "dir" })],
      ["WRONG_HEADER", withHeader({ ...members, enc: "A128GCM" })],
      ["WRONG_HEADER", withHeader({ ...members, typ: "JWE" })],
      ["WRONG_HEADER", withHeader({ ...members, kid: "me" })],
      ["WRONG_HEADER", withHeader({ ...members, epk: { ...members["epk"], d: x } })],
      ["WRONG_HEADER", withHeader({ ...members, epk: { kty: "EC", crv: "P-256", x, y: x } })],
      ["WRONG_HEADER", withHeader({ ...members, epk: { kty: "EC", crv: "P-384", x, y } })],
      ["WRONG_HEADER", withHeader([])],
      ["WRONG_HEADER", [deep, key, iv, ciphertext, tag].join(".")],
      [
        "WRONG_HEADER",
        [
          Buffer.from(` ${JSON.stringify(members)}`).toString("base64url"),
          key,
          iv,
          ciphertext,
          tag,
        ].join("."),
      ],
      ["WRONG_SIZE", [header, key, iv, ciphertext.slice(4), tag].join(".")],
      ["WRONG_SIZE", [header, key, `${iv}AAAA`, ciphertext, tag].join(".")],
      ["WRONG_SIZE", await forge(recipientKey, "short")],
    ];
    for (const [reason, changed] of cases) {
      expect(await inspect(changed), changed.slice(0, 200)).toMatchObject({ ok: false, reason });
    }
  });

  it("refuses 20,000 mutations, and none of 2,000 that are as they should be", async () => {
    const { sealing } = await pair();
    const envelope = await seal(sealing("x"));
    const mutation = fc.tuple(
      fc.nat(envelope.length - 1),
      fc.constantFrom("", "=", ".", " ", "+", "\u0000", "é"),
      fc.nat(3),
    );
    await fc.assert(
      fc.asyncProperty(mutation, async ([at, put, drop]) => {
        const mutated = envelope.slice(0, at) + put + envelope.slice(at + drop);
        fc.pre(mutated !== envelope);
        expect((await inspect(mutated)).ok).toBe(false);
      }),
      { numRuns: 20_000 },
    );
    for (let count = 0; count < 2000; count++) {
      expect((await inspect(await seal(sealing(`file ${count}`)))).ok).toBe(true);
    }
  });

  it.each([
    [
      "RFC 7516 A.1",
      "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ",
    ],
    [
      "RFC 7516 A.3",
      "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ",
    ],
  ])("takes nothing outside its own form: %s", async (_, published) => {
    const { opening } = await pair();
    expect((await inspect(published)).ok).toBe(false);
    expect(await reasonOf(open(opening(published)))).toBe("WRONG_HEADER");
  });

  it.each(["sealing", "sealing/audit"])(
    "%s runs in a browser: it names nothing of Node",
    async (door) => {
      const { outputFiles } = await build({
        entryPoints: [`src/${door}/index.ts`],
        bundle: true,
        write: false,
        format: "esm",
        platform: "browser",
        logLevel: "silent",
      });
      expect(outputFiles[0]!.text).not.toMatch(/from "node:|require\("|\bBuffer\b|\bprocess\./);
    },
  );
});
