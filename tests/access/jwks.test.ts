import { describe, expect, it } from "vitest";
import { createJwksFetcher, isPublicAddress } from "../../src/platform/auth/jwks.ts";

describe("a JWKS is never fetched", () => {
  const refused = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
  ];
  for (const address of refused) {
    it(`from ${address}`, async () => {
      expect(isPublicAddress(address)).toBe(false);
      const fetcher = createJwksFetcher({
        now: () => 0,
        lookup: async () => [{ address, family: address.includes(":") ? 6 : 4 }],
        request: () => {
          throw new Error("a connection was opened");
        },
      });
      await expect(fetcher("https://provider.example/jwks")).rejects.not.toThrow(
        "a connection was opened",
      );
    });
  }

  it("over plain http, with credentials or from an address that is written out and private", async () => {
    const fetcher = createJwksFetcher({
      now: () => 0,
      lookup: async () => [{ address: "93.184.216.34", family: 4 }],
      request: () => {
        throw new Error("a connection was opened");
      },
    });
    for (const uri of [
      "http://provider.example/jwks",
      "https://user:secret@provider.example/jwks",
      "https://127.0.0.1/jwks",
      "https://[::1]/jwks",
      "not a uri",
    ]) {
      await expect(fetcher(uri)).rejects.not.toThrow("a connection was opened");
    }
  });

  it("from a host of which one address is private", async () => {
    const fetcher = createJwksFetcher({
      now: () => 0,
      lookup: async () => [
        { address: "93.184.216.34", family: 4 },
        { address: "10.0.0.1", family: 4 },
      ],
      request: () => {
        throw new Error("a connection was opened");
      },
    });
    await expect(fetcher("https://provider.example/jwks")).rejects.not.toThrow(
      "a connection was opened",
    );
  });

  it("but a public address is asked", () => {
    expect(isPublicAddress("93.184.216.34")).toBe(true);
    expect(isPublicAddress("2606:2800:220:1::1")).toBe(true);
  });
});
