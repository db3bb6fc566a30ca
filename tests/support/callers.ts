import { setTimeout as sleep } from "node:timers/promises";
import type { JWK } from "jose";
import { createAccessTokens } from "../../src/client/access-token.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { demoIssuer, demoKey } from "../../src/platform/auth/demo-keys.ts";
import { type Answer, AUDIENCE, codeOf, type Demo } from "./demo.ts";
import type { Fleet } from "./processes.ts";

export interface Caller {
  readonly organisation: string;
  readonly client: string;
  /** A new one before the last has run out, however long the run. */
  token(): Promise<string>;
}
export async function signIn(
  dataDir: string,
  organisation: string,
  client: string,
): Promise<Caller> {
  const { privateJwk } = demoKey(dataDir, organisation);
  const tokens = createAccessTokens({
    issuer: demoIssuer(organisation),
    audience: AUDIENCE,
    clientId: client,
    scopes: SCOPES,
    key: privateJwk as JWK,
    ttlSeconds: 15 * 60,
  });
  return { organisation, client, token: () => tokens.current() };
}

/** One token, as long as it lives. */
export const tokenBy = async (...caller: Parameters<typeof signIn>): Promise<string> =>
  (await signIn(...caller)).token();

/** As the demo's bots, of a process in front of its network. */
export const askAt =
  (url: string, dataDir: string, bots = new Map<string, Promise<Caller>>()): Demo["ask"] =>
  async (organisation, query, variables = {}) => {
    const bot = bots.get(organisation) ?? signIn(dataDir, organisation, "bot");
    bots.set(organisation, bot);
    const token = await (await bot).token();
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer;
  };

export interface Line {
  /** Asks one process after the other, the same to the byte, until one has answered. */
  ask(caller: Caller, query: string, variables: object): Promise<Answer>;
  readonly tally: {
    answered: number;
    /** Connections refused or lost before the answer. */
    lost: number;
    /** Told UNAVAILABLE. */
    unavailable: number;
  };
}

const MOST_TRIES = 1_000;

export function openLine(fleet: Fleet): Line {
  const tally = { answered: 0, lost: 0, unavailable: 0 };
  let turn = 0;

  async function tryOnce(caller: Caller, body: string): Promise<Answer | null> {
    let text: string;
    try {
      const response = await fetch(fleet.urlOf(turn++ % fleet.size), {
        method: "POST",
        headers: {
          authorization: `Bearer ${await caller.token()}`,
          "content-type": "application/json",
        },
        body,
      });
      text = await response.text();
    } catch {
      tally.lost++;
      return null;
    }
    if (/deadlock/i.test(text)) throw new Error(`a caller was shown a deadlock: ${text}`);
    const answer = JSON.parse(text) as Answer;
    if (codeOf(answer) === "UNAVAILABLE") {
      tally.unavailable++;
      return null;
    }
    tally.answered++;
    return answer;
  }

  return {
    tally,
    async ask(caller, query, variables) {
      const body = JSON.stringify({ query, variables });
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const answer = await tryOnce(caller, body);
        if (answer) return answer;
        if (fleet.fallen.length > 0)
          throw new Error(`a process ended by itself: ${fleet.fallen.join()}`);
        await sleep(50);
      }
      throw new Error(`no process answered in ${MOST_TRIES} tries`);
    },
  };
}
