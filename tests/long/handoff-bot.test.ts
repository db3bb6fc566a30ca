import { expect, it } from "vitest";
import { drillBot } from "../support/bot-drill.ts";

/** Of offering; BOT_MINUTES=3 for a shorter one with as many handoffs. */
const minutes = Number(process.env["BOT_MINUTES"] ?? 10);

it(`500 handoffs in ${minutes} minutes over three processes, bot and processes killed at random: each once`, async () => {
  const kills = Math.ceil(minutes * 6);
  const result = await drillBot({
    handoffs: 500,
    seconds: minutes * 60,
    processes: 3,
    botKills: kills,
    apiKills: kills,
  });
  console.log({ minutes, botKills: kills, apiKills: kills, ...result });
  expect(result.handoffs).toBe(500);
});
