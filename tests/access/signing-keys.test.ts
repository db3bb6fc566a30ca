import { describe, expect, it } from "vitest";
import { parsePublicJwk } from "../../src/kernel/jwk.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";

const p256 = await generateSigningKey("ES256");

describe("no key can be registered to sign with", () => {
  /** Of small order, and the ways to write them: whoever likes makes signatures under them. */
  const FEEBLE = [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    `ec${"ff".repeat(30)}7f`,
    `ed${"ff".repeat(30)}7f`,
    `ee${"ff".repeat(30)}7f`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ];
  const signed = (hex: string) =>
    `${hex.slice(0, 62)}${(parseInt(hex.slice(62), 16) | 128).toString(16)}`;
  const ed25519 = (hex: string) => ({
    crv: "Ed25519",
    kty: "OKP",
    x: Buffer.from(hex, "hex").toString("base64url"),
  });
  it.each([...FEEBLE, ...FEEBLE.map(signed)])(
    "under which there are signatures of nobody: %s",
    (hex) => {
      expect(parsePublicJwk(ed25519(hex), "SIGN").ok).toBe(false);
    },
  );
  it("that is no point of its curve", () => {
    const isSound = (y: number) =>
      parsePublicJwk(ed25519(`${y.toString(16).padStart(2, "0")}${"00".repeat(31)}`), "SIGN").ok;
    // By (y² - 1) / (dy² + 1), of which half the numbers have a root (RFC 8032 §5.1.3).
    const ys = Array.from({ length: 18 }, (_, index) => index + 2);
    expect(ys.filter(isSound)).toEqual([3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 19]);
    const { publicJwk } = p256;
    expect(parsePublicJwk({ ...publicJwk, y: publicJwk.x }, "SIGN").ok).toBe(false);
  });
  it("whose private half comes with it", async () => {
    for (const { privateJwk } of [await generateSigningKey("EdDSA"), p256])
      expect(parsePublicJwk(privateJwk, "SIGN").ok).toBe(false);
  });
});
