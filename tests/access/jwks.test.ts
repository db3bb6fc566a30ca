import { EventEmitter } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { isIP } from "node:net";
import { Readable } from "node:stream";
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
    // The last ones of their networks, and one of each that is kept for other uses.
    "10.255.255.255",
    "100.127.255.255",
    "127.255.255.255",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "239.255.255.255",
    "64:ff9b::7f00:1",
    "2001::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "2606:2800:220:1::1%1",
  ])("from %s", async (address) => {
    expect(isPublicAddress(address)).toBe(false);
    const { fetcher, request } = fetcherTo(address);
    await expect(fetcher(URI)).rejects.toThrow("an address that is not public");
    expect(request).not.toHaveBeenCalled();
  });

  it.each([
    "http://provider.example/jwks",
    "https://user@provider.example/jwks",
    "https://:secret@provider.example/jwks",
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

it("no name is taken for an address", () => {
  expect(isPublicAddress("provider.example")).toBe(false);
});

it.each([
  "93.184.216.34",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "169.255.0.0",
  "172.32.0.0",
  "198.20.0.0",
  "223.255.255.255",
  "2606:2800:220:1::1",
  "2001:200::1",
  "2003::1",
])("a JWKS is asked for at a public address, as %s is", async (address) => {
  expect(isPublicAddress(address)).toBe(true);
  const { fetcher, request } = fetcherTo(address);
  await expect(fetcher(URI)).rejects.toThrow(Unavailable);
  expect(request).toHaveBeenCalledOnce();
});

const ADDRESS = { address: "93.184.216.34", family: 4 };
const TYPE = "application/jwk-set+json";

/** A host that answers so, and what was asked of it. */
function hostThat(
  body: Iterable<string>,
  { status = 200, type = TYPE, ...headers }: Record<string, string | number> = {},
) {
  const asked: RequestOptions[] = [];
  const answers: Readable[] = [];
  const fetcher = createJwksFetcher({
    now: () => 0,
    lookup: async () => [ADDRESS],
    request(options, answered) {
      asked.push(options);
      const response = Object.assign(Readable.from(inBytes(body)), {
        statusCode: status,
        headers: { "content-type": type, ...headers },
      });
      answers.push(response);
      queueMicrotask(() => answered(response as unknown as IncomingMessage));
      return Object.assign(new EventEmitter(), { end() {} }) as unknown as ClientRequest;
    },
  });
  return { fetcher, asked, answers };
}
function* inBytes(body: Iterable<string>) {
  for (const piece of body) yield Buffer.from(piece);
}
const setOf = (...keys: unknown[]) => [JSON.stringify({ keys })];

describe("a JWKS is asked for", () => {
  it("where its URI says, at the address that was looked at, whatever the name means by then", async () => {
    const { fetcher, asked } = hostThat(setOf());
    await fetcher("https://provider.example:8443/jwks?tenant=1");
    const [{ lookup, ...options }] = asked as [RequestOptions];
    expect(options).toMatchObject({
      protocol: "https:",
      hostname: "provider.example",
      port: 8443,
      path: "/jwks?tenant=1",
      agent: false,
    });
    const dialled = vi.fn<() => void>();
    lookup!("provider.example", { all: false }, dialled);
    lookup!("provider.example", { all: true }, dialled);
    expect(dialled.mock.calls).toEqual([
      [null, ADDRESS.address, ADDRESS.family],
      [null, [ADDRESS]],
    ]);
  });

  it("at an address of version 6 without its brackets", async () => {
    const { fetcher, asked } = hostThat(setOf());
    await fetcher("https://[2606:2800:220:1::1]/jwks");
    expect(asked[0]!.hostname).toBe("2606:2800:220:1::1");
    expect(asked[0]).not.toHaveProperty("port");
  });

  it("for three seconds in all", async () => {
    const bound = vi.spyOn(AbortSignal, "timeout");
    await hostThat(setOf()).fetcher(URI);
    expect(bound.mock.calls).toEqual([[3_000]]);
    bound.mockRestore();
  });

  it("once for each of the thousand that were asked for last", async () => {
    const { fetcher, asked } = hostThat(setOf());
    const uri = (nth: number) => `${URI}/${nth}`;
    for (let nth = 0; nth < 1_000; nth++) await fetcher(uri(nth));
    await fetcher(uri(0));
    await fetcher(uri(1_000));
    await fetcher(uri(0));
    expect(asked).toHaveLength(1_001);
    await fetcher(uri(1));
    expect(asked).toHaveLength(1_002);
  });
});

describe("a host that cannot be asked now is no verdict on the token:", () => {
  it.each<[string, () => Promise<{ address: string; family: number }[]>]>([
    ["its name is not to be had", () => Promise.reject(new Error("SERVFAIL"))],
    ["its name is waited for without end", () => new Promise(() => {})],
    ["its name has no address", async () => []],
  ])("%s", async (_, lookup) => {
    const fetcher = createJwksFetcher({ now: () => 0, lookup, timeoutMs: 20 });
    await expect(fetcher(URI)).rejects.toThrow(Unavailable);
  });

  it("the connection is refused", async () => {
    const lookup = async () => [ADDRESS];
    const request = () => {
      const refused = Object.assign(new EventEmitter(), { end() {} });
      queueMicrotask(() => refused.emit("error", new Error("ECONNREFUSED")));
      return refused as unknown as ClientRequest;
    };
    const fetcher = createJwksFetcher({ now: () => 0, lookup, request });
    await expect(fetcher(URI)).rejects.toThrow(Unavailable);
  });

  it.each([429, 500, 503])("the answer is %s", async (status) => {
    await expect(hostThat(setOf(), { status }).fetcher(URI)).rejects.toThrow(Unavailable);
  });
});

describe("of what a host answers", () => {
  const LARGE = 64 * 1024;
  it.each<[string, string[], object]>([
    ["as JSON", setOf(), { type: "application/json" }],
    ["as JSON with its character set", setOf(), { type: "application/json; charset=utf-8" }],
    ["of 64 KiB", [setOf()[0]!.padEnd(LARGE)], {}],
    ["of 64 keys", setOf(...Array<object>(64).fill({})), {}],
  ])("a set is taken %s", async (_, body, how) => {
    expect(await hostThat(body, { ...how }).fetcher(URI)).toBeInstanceOf(Array);
  });

  it.each<[string, string[], object]>([
    ["as what begins like JSON", setOf(), { type: "application/json-seq" }],
    ["as another kind of JSON", setOf(), { type: "application/ld+json" }],
    ["compressed", setOf(), { "content-encoding": "gzip" }],
    ["that is not there", setOf(), { status: 404 }],
    ["from elsewhere", setOf(), { status: 302 }],
    ["of more than 64 KiB", [setOf()[0]!.padEnd(LARGE + 1)], {}],
    ["that is null", ["null"], {}],
  ])("none is taken %s, and its connection is let go", async (_, body, how) => {
    const { fetcher, answers } = hostThat(body, { ...how });
    const refusal = await fetcher(URI).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect(refusal).not.toBeInstanceOf(Unavailable);
    expect(answers[0]!.destroyed).toBe(true);
  });

  it("no more is read than may be", async () => {
    let read = 0;
    const { fetcher } = hostThat(
      (function* () {
        while (read++ < 1_000) yield "x".repeat(LARGE);
      })(),
    );
    await expect(fetcher(URI)).rejects.toThrow("larger than 64 KiB");
    expect(read).toBeLessThan(100);
  });

  it("what is no key is left out", async () => {
    const { fetcher } = hostThat(setOf(1, null, "key", { kid: "a" }));
    expect(await fetcher(URI)).toEqual([{ kid: "a" }]);
  });
});
