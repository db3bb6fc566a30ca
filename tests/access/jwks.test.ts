import { isIP } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { Unavailable } from "../../src/kernel/errors.ts";
import { createJwksFetcher, isPublicAddress } from "../../src/platform/auth/jwks.ts";

const URI = "https://provider.example/jwks";

/** A fetcher for a host with these addresses, and whether it opened a connection. */
function fetcherTo(...addresses: readonly string[]) {
  const request = vi.fn<() => never>(() => {
    throw new Error("a connection was opened");
  });
  const lookup = async () => addresses.map((address) => ({ address, family: isIP(address) }));
  return { fetcher: createJwksFetcher({ now: () => 0, lookup, request }), request };
}

describe("a JWKS is never fetched", () => {
  it.each([
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
  ])("from %s", async (address) => {
    expect(isPublicAddress(address)).toBe(false);
    const { fetcher, request } = fetcherTo(address);
    await expect(fetcher(URI)).rejects.toThrow("an address that is not public");
    expect(request).not.toHaveBeenCalled();
  });

  it.each([
    "http://provider.example/jwks",
    "https://user:secret@provider.example/jwks",
    "https://127.0.0.1/jwks",
    "https://[::1]/jwks",
    "not a uri",
  ])("from the URI %s", async (uri) => {
    const { fetcher, request } = fetcherTo("93.184.216.34");
    await expect(fetcher(uri)).rejects.toThrow("JWKS");
    expect(request).not.toHaveBeenCalled();
  });

  it("from a host of which one address is private", async () => {
    const { fetcher, request } = fetcherTo("93.184.216.34", "10.0.0.1");
    await expect(fetcher(URI)).rejects.toThrow("an address that is not public");
    expect(request).not.toHaveBeenCalled();
  });
});

it("a JWKS is asked for at a public address", async () => {
  for (const address of ["93.184.216.34", "2606:2800:220:1::1"]) {
    expect(isPublicAddress(address)).toBe(true);
    const { fetcher, request } = fetcherTo(address);
    await expect(fetcher(URI)).rejects.toThrow(Unavailable);
    expect(request).toHaveBeenCalledOnce();
  }
});
