import { basename } from "node:path";
import type { JWK } from "jose";
import { faultsOfRegistration } from "../modules/organisations/index.ts";
import { newKey } from "../platform/auth/new-key.ts";
import { putFolder } from "../platform/files.ts";
import { publicHalf, thumbprintOf } from "../sealing/index.ts";
import { IDENTITY_KEY, INTRODUCTION, type Introduction, SIGNING_KEY } from "./caller.ts";
import { answer, Stop } from "./command.ts";
import { writing } from "./files.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse org new <folder> --issuer <https url> [--json]

Makes an organisation's keys where they stay; the folder's name is its handle. It writes there

  identity.json      private: proves who you are. Take it offline when done; losing it loses the name.
  sign.json          private: signs the tokens of your clients
  introduction.json  public: send it to the network's admin, by any way
  thumbprint         public: read it to the admin on the phone, or in person, never beside the file

The identity thumbprint is an RFC 7638 thumbprint. The file may be swapped on its way; the thumbprint that
the admin hears from you and types is what makes it yours.

  --issuer <url>  what your tokens name as issuer: an https URL of yours, nothing has to stand there
  --json          handle and thumbprint as one JSON object

Example:  wayhouse org new orchard --issuer https://orchard.example
Next:     the admin's \`wayhouse org register\`, or \`wayhouse found\` for the first admin of a network.`;

export const exits = { 0: "made", 2: "unusable options, or the folder is there already" };

export async function run(args: readonly string[]): Promise<0> {
  const { values, flags, words } = optionsOf(args, usage, {
    required: ["issuer"],
    words: ["<folder>"],
  });
  const [folder = ""] = words;
  const handle = basename(folder);
  const identity = newKey("Ed25519") as JWK;
  const signing = newKey("Ed25519") as JWK;
  const introduction: Introduction = {
    handle,
    issuer: values.issuer,
    identityKey: { ...publicHalf(identity) },
    signingKeys: [{ ...publicHalf(signing) }],
  };
  const { issuer, signingKeys } = introduction;
  const [fault] = faultsOfRegistration({ handle, issuer, jwksUri: null, signingKeys });
  if (fault) throw new Stop(`The ${fault.path.join(".")} ${fault.message}: nothing was made.`);
  const thumbprint = await thumbprintOf(identity);
  const contents = {
    [IDENTITY_KEY]: JSON.stringify(identity),
    [SIGNING_KEY]: JSON.stringify(signing),
    [INTRODUCTION]: JSON.stringify(introduction, null, 2),
    thumbprint,
  };
  const lines = Object.entries(contents).map(([name, content]) => [name, `${content}\n`]);
  if (!writing(folder, () => putFolder(folder, Object.fromEntries(lines))))
    throw new Stop(`${folder} is there already: nothing was made.`);
  answer(flags.json, { handle, thumbprint }, [thumbprint]);
  return 0;
}
