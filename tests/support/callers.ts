import { setTimeout as sleep } from "node:timers/promises";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { signAccessToken } from "../../src/platform/auth/sign.ts";
import { demoIssuer, demoKey } from "../../src/platform/db/demo-network.ts";
import { type Answer, AUDIENCE, codeOf, type Demo } from "./demo.ts";
import type { Fleet } from "./processes.ts";

export interface Caller {
  readonly organisation: string;
  readonly client: string;
  readonly token: string;
}

/** One token for the whole run; it lasts the longest that a token may. */
export async function signIn(
  dataDir: string,
  organisation: string,
  client: string,
): Promise<Caller> {
  const { privateJwk } = await demoKey(dataDir, organisation);
  const token = await signAccessToken({
    privateJwk,
    issuer: demoIssuer(organisation),
    audience: AUDIENCE,
    clientId: client,
    scopes: SCOPES,
    ttlSeconds: 15 * 60,
  });
  return { organisation, client, token };
}

/** As the demo's bots, of a process in front of its network. */
export const askAt =
  (url: string, dataDir: string): Demo["ask"] =>
  async (organisation, query, variables = {}) => {
    const { token } = await signIn(dataDir, organisation, "bot");
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
        headers: { authorization: `Bearer ${caller.token}`, "content-type": "application/json" },
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
