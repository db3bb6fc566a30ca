import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createApi, parseUrl } from "../../src/cli/api.ts";
import { Stop } from "../../src/cli/command.ts";

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  if (server) await new Promise((resolve) => server!.close(resolve));
  server = undefined;
});

type Reply = { status?: number; body: string } | "hang up";
const failed = (code: string) => ({
  body: JSON.stringify({ errors: [{ message: "no", extensions: { code } }] }),
});
const done: Reply = { body: JSON.stringify({ data: { done: true } }) };

/** Answers in this order, the last again and again; what it was asked. */
async function serve(...replies: Reply[]) {
  const asked: string[] = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const reply = replies[Math.min(asked.length, replies.length - 1)]!;
      asked.push(body);
      if (reply === "hang up") return void request.socket.destroy();
      response.statusCode = reply.status ?? 200;
      response.end(reply.body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const url = parseUrl(`http://127.0.0.1:${port}/graphql`);
  const api = createApi({ url, token: async () => "token", waitMs: 1 });
  const Done = z.object({ done: z.boolean() });
  return { asked, ask: () => api.ask(Done, "{ done }", { key: "same" }) };
}

describe("a call of the command line", () => {
  it("is tried again with the same body while the server is busy or hangs up", async () => {
    const busy = { status: 503, body: "starting" };
    const { asked, ask } = await serve(
      failed("RATE_LIMITED"),
      failed("UNAVAILABLE"),
      busy,
      "hang up",
      done,
    );
    expect(await ask()).toEqual({ done: true });
    expect(asked).toHaveLength(5);
    expect(new Set(asked).size).toBe(1);
  });

  it("gives up in the end, and at once if nobody ever answered", async () => {
    const busy = await serve(failed("UNAVAILABLE"));
    await expect(busy.ask()).rejects.toThrow("goes on answering UNAVAILABLE");
    expect(busy.asked).toHaveLength(6);
    server!.close();
    const silent = await serve("hang up");
    await expect(silent.ask()).rejects.toThrow("cannot be reached");
    expect(silent.asked).toHaveLength(1);
  });

  it.each([
    ["no GraphQL", { body: "<html>" }],
    ["another schema", { body: '{"data":{"done":1}}' }],
    ["no such token", failed("UNAUTHENTICATED")],
    ["too few scopes", failed("FORBIDDEN")],
  ])("stops on %s", async (_, reply) => {
    const { asked, ask } = await serve(reply);
    await expect(ask()).rejects.toBeInstanceOf(Stop);
    expect(asked).toHaveLength(1);
  });

  it("tells what was refused, without what would steer a terminal", async () => {
    const issues = [{ path: ["maximum"], message: "\u{1B}[31mtoo low" }];
    const errors = [{ message: "no", extensions: { code: "BAD_USER_INPUT", issues } }];
    const { ask } = await serve({ body: JSON.stringify({ errors }) });
    await expect(ask()).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      paths: ["maximum"],
      message: "maximum ?[31mtoo low",
    });
  });

  it.each(["http://wayhouse.example/graphql", "ftp://127.0.0.1/", "127.0.0.1:4000", ""])(
    "sends no token in clear to %j",
    (text) => {
      expect(() => parseUrl(text)).toThrow(Stop);
    },
  );
});
