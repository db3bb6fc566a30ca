import { expect } from "vitest";
import { decodeId } from "../../src/kernel/ids.ts";
import { night } from "./demo.ts";
import { meddle } from "./handoffs.ts";
import { actsOf } from "./life-acts.ts";
import { type Cursors, eventsOf, listen, look } from "./life-look.ts";
import { BEDS, HOST, Lives, ORGANISATIONS } from "./life-model.ts";
import type { Scene } from "./life-scene.ts";
import { mutate } from "./mutate.ts";
import { untilTold } from "./patience.ts";
import type { Random } from "./random.ts";

/** A random history of three organisations, held against the model after each act; what was done. */
export async function liveOut(scene: Scene, random: Random, acts: number): Promise<string[]> {
  const { demo } = scene;
  const lives = new Lives();
  const cursors: Cursors = new Map();
  const earlier = new Set<string>();
  await untilTold(demo.database.superuserUrl);
  for (const name of ORGANISATIONS) {
    const query =
      "{ bedHolds(side: HOLDER, statuses: [HELD], first: 100) { edges { node { id } } } }";
    for (const { node } of (await demo.ask(name, query)).data["bedHolds"].edges)
      earlier.add(node.id);
    await eventsOf(demo, name, cursors);
  }
  const { act, activate, settle } = actsOf(scene, lives, random, earlier);
  const story: string[] = [];
  try {
    for (let nth = 1; nth <= acts; nth++) {
      story.push(await act());
      await look(scene, lives);
      if (nth % 12 === 0) await listen(scene, lives, cursors);
    }
    for (const name of lives.suspended) story.push(await activate(name));
    story.push(await settle());
    await look(scene, lives);
    await listen(scene, lives, cursors);
    // Of what ended by the clock nobody is left who has not heard.
    expect([...lives.due].filter(([, heard]) => heard === "UNHEARD")).toEqual([]);
  } catch (error) {
    (error as Error).message += `\nafter: ${story.join("; ")}`;
    throw error;
  }
  await endStory(scene, lives);
  return story;
}

/** The next story finds no beds taken, and no way closed. */
async function endStory({ demo, shelterId }: Scene, lives: Lives): Promise<void> {
  const ask = demo.ask.bind(demo);
  for (const { id, holder, status } of lives.holds) {
    if (!["HELD", "CONFIRMED"].includes(status)) continue;
    const released = await mutate(ask, holder, "releaseBedHold", { id }, "{ __typename }");
    expect(released).toEqual({ data: { releaseBedHold: { __typename: "BedHold" } } });
  }
  const nights = { shelterId, from: night(0), until: night(10), maximum: BEDS };
  expect((await mutate(ask, HOST, "setBeds", nights)).errors).toBeUndefined();
  if (lives.advisory) await mutate(ask, "bridge", "withdrawAdvisory", { id: lives.advisory.id });
  const left = lives.cases.map(({ id }) => decodeId(id)!.uuid);
  await meddle(demo, "delete from handoff_candidate where handoff_id = any ($1)", [left]);
  await meddle(demo, "delete from handoff where id = any ($1)", [left]);
}
