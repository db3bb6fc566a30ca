import { lookup as resolve } from "node:dns/promises";
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { BlockList, isIP, isIPv4, type LookupFunction } from "node:net";
import { Unavailable } from "../../kernel/errors.ts";

const MOST_BYTES = 64 * 1024;
const MOST_KEYS = 64;
const MOST_URIS = 1_000;
const FRESH_MS = 5 * 60_000;
const COOL_DOWN_MS = 30_000;

/** A member of a JWK Set (RFC 7517): an object, and nothing else is known of it. */
export type Jwk = Readonly<Record<string, unknown>>;

/**
 * The keys published at `uri`. A cached set without `kid` is fetched once more per cool-down, so that
 * a rotated key is found and an invented one costs its issuer's host at most a request in 30 s.
 * @throws Unavailable if the host cannot be reached; another Error if what it says is refused
 */
export type JwksFetcher = (uri: string, kid?: string) => Promise<readonly Jwk[]>;

type Address = { readonly address: string; readonly family: number };
interface JwksFetcherOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly lookup?: (hostname: string) => Promise<readonly Address[]>;
  readonly request?: (
    options: RequestOptions,
    answered: (response: IncomingMessage) => void,
  ) => ClientRequest;
  /** For one fetch in all, name resolution included. */
  readonly timeoutMs?: number;
}

interface Entry {
  keys: readonly Jwk[] | null;
  fetchedAt: number;
  failure: unknown;
  /** When a fetch last ended that failed, or that a missing kid had forced. */
  cooledFrom: number;
  inFlight: Promise<void> | null;
}

export function createJwksFetcher(options: JwksFetcherOptions): JwksFetcher {
  const { now } = options;
  const entries = new Map<string, Entry>();

  function entryOf(uri: string): Entry {
    const known = entries.get(uri);
    entries.delete(uri);
    const entry: Entry = known ?? {
      keys: null,
      fetchedAt: -Infinity,
      failure: null,
      cooledFrom: -Infinity,
      inFlight: null,
    };
    entries.set(uri, entry);
    if (entries.size > MOST_URIS) entries.delete(entries.keys().next().value!);
    return entry;
  }

  async function refresh(entry: Entry, uri: string, forced: boolean): Promise<void> {
    try {
      entry.keys = await fetchKeys(uri, options);
      entry.fetchedAt = now();
      entry.failure = null;
      if (forced) entry.cooledFrom = now();
    } catch (error) {
      entry.failure = error;
      entry.cooledFrom = now();
    } finally {
      entry.inFlight = null;
    }
  }

  return async (uri, kid) => {
    const entry = entryOf(uri);
    const fresh = () => (now() - entry.fetchedAt < FRESH_MS ? entry.keys : null);
    const cool = () => now() - entry.cooledFrom < COOL_DOWN_MS;
    const has = (keys: readonly Jwk[]) =>
      kid === undefined || keys.some((key) => key["kid"] === kid);

    if (entry.inFlight) await entry.inFlight;
    let keys = fresh();
    if ((!keys || !has(keys)) && !cool()) {
      entry.inFlight ??= refresh(entry, uri, keys !== null);
      await entry.inFlight;
      keys = fresh();
    }
    // A stale set is not served: its keys may be the ones that were withdrawn.
    if (!keys) throw entry.failure;
    return keys;
  };
}

async function fetchKeys(uri: string, options: JwksFetcherOptions): Promise<readonly Jwk[]> {
  const url = allowedUrl(uri);
  const signal = AbortSignal.timeout(options.timeoutMs ?? 3_000);
  const address = await publicAddressOf(url, options.lookup, signal);
  const response = await answer(url, address, options.request ?? httpsRequest, signal);
  try {
    refuseUnlessPlainJson(response);
    return keysIn(await boundedBody(response));
  } finally {
    response.destroy();
  }
}

function allowedUrl(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  if (url?.protocol !== "https:") throw new Error("a JWKS URI must be an https URL");
  if (url.username || url.password) throw new Error("a JWKS URI must hold no credentials");
  return url;
}

/** One private address among many refuses the name: which one is dialled must not be left to chance. */
async function publicAddressOf(
  url: URL,
  lookup: JwksFetcherOptions["lookup"] = (hostname) => resolve(hostname, { all: true }),
  signal: AbortSignal,
): Promise<Address> {
  const host = hostOf(url);
  const family = isIP(host);
  const addresses = family
    ? [{ address: host, family }]
    : await reaching(orAbort(lookup(host), signal));
  const [first] = addresses;
  if (!first) throw new Unavailable({ cause: new Error("the JWKS host has no address") });
  if (!addresses.every(({ address }) => isPublicAddress(address)))
    throw new Error("the JWKS host has an address that is not public");
  return first;
}

/** Dials the address that was checked: resolving the name again would let it change in between. */
function answer(
  url: URL,
  { address, family }: Address,
  request: NonNullable<JwksFetcherOptions["request"]>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const pinned: LookupFunction = (_hostname, { all }, callback) =>
    all ? callback(null, [{ address, family }]) : callback(null, address, family);
  const options: RequestOptions = {
    method: "GET",
    protocol: "https:",
    hostname: hostOf(url),
    path: url.pathname + url.search,
    headers: { accept: "application/jwk-set+json, application/json" },
    lookup: pinned,
    agent: false,
    signal,
    ...(url.port && { port: Number(url.port) }),
  };
  // Where a host switches protocols Node tells of no response and of no error, not of the signal's either.
  const answered = new Promise<IncomingMessage>((resolved, rejected) => {
    request(options, resolved).on("error", rejected).end();
  });
  return reaching(orAbort(answered, signal));
}

/** Whatever is not 200, redirects too, and whatever is not JSON as it stands. */
function refuseUnlessPlainJson({ statusCode = 0, headers }: IncomingMessage): void {
  if (statusCode >= 500 || statusCode === 429)
    throw new Unavailable({ cause: new Error(`the JWKS host answered ${statusCode}`) });
  if (statusCode !== 200) throw new Error(`the JWKS host answered ${statusCode}`);
  if (!/^application\/(?:jwk-set\+)?json\s*(?:;|$)/i.test(headers["content-type"] ?? ""))
    throw new Error("the JWKS is not served as JSON");
  if ((headers["content-encoding"] ?? "identity") !== "identity")
    throw new Error("the JWKS is served in an encoding that was not asked for");
}

async function boundedBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const read = async () => {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MOST_BYTES) return;
      chunks.push(chunk);
    }
  };
  await reaching(read());
  if (size > MOST_BYTES) throw new Error("the JWKS is larger than 64 KiB");
  return Buffer.concat(chunks).toString("utf8");
}

function keysIn(body: string): readonly Jwk[] {
  const set = JSON.parse(body) as { keys?: unknown } | null;
  const keys: unknown = set?.keys;
  if (!Array.isArray(keys) || keys.length > MOST_KEYS)
    throw new Error("the JWKS is not a set of at most 64 keys");
  return keys.filter((key): key is Jwk => typeof key === "object" && key !== null);
}

/** The network's failures are no verdict on the token. */
async function reaching<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Unavailable({ cause: error });
  }
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolved, rejected) => {
    signal.addEventListener("abort", () => rejected(signal.reason as Error), { once: true });
    work.then(resolved, rejected);
  });
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function subnets(family: "ipv4" | "ipv6", ...networks: string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, prefix] = network.split("/") as [string, string];
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

// IANA special-purpose registries. Of IPv6 only 2000::/3 is global unicast; mapped, compatible, NAT64,
// unique local, link-local and multicast addresses lie outside it, 6to4 and Teredo within.
// prettier-ignore
const IPV4_SPECIAL = subnets(
  "ipv4",
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
  "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
  "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
);
const IPV6_GLOBAL = subnets("ipv6", "2000::/3");
const IPV6_SPECIAL = subnets("ipv6", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

/** True for a global unicast address in text form; false for all else, names included. */
export function isPublicAddress(ip: string): boolean {
  if (isIPv4(ip)) return !IPV4_SPECIAL.check(ip, "ipv4");
  if (isIP(ip) !== 6 || ip.includes("%")) return false;
  return IPV6_GLOBAL.check(ip, "ipv6") && !IPV6_SPECIAL.check(ip, "ipv6");
}
