import { timingSafeEqual } from "node:crypto";
import { parsePublicJwk, thumbprint as thumbprintOfJwk } from "../kernel/jwk.ts";
import { faultsOfRegistration, faultsOfUse } from "../modules/organisations/index.ts";
import { readIntroduction } from "./caller.ts";
import { Stop } from "./command.ts";

/** An introduction whose identity key is the one that was read out. @throws Stop */
export function vouchedFor(path: string, heard: string) {
  const introduction = readIntroduction(path);
  const { handle, issuer } = introduction;
  const signingKeys = introduction.signingKeys;
  const [fault] = faultsOfRegistration({ handle, issuer, jwksUri: null, signingKeys });
  if (fault) throw new Stop(`${path}: ${fault.path.join(".")} ${fault.message}.`);
  const identity = keyed(path, introduction.identityKey);
  const signing = signingKeys.map((key) => keyed(path, key));
  const kids = signing.map(({ kid }) => kid);
  const [reused] = faultsOfUse(identity.kid, kids, ["signingKeys"]);
  if (reused) throw new Stop(`${path}: ${reused.path.join(".")} ${reused.message}.`);
  const [a, b] = [Buffer.from(identity.kid), Buffer.from(heard.trim())];
  if (a.length !== b.length || !timingSafeEqual(a, b)) {
    throw new Stop(
      `${path} does not hold the key that was read out to you. Nothing was done. Ask for both again, by another way: the file may have been swapped.`,
    );
  }
  return { introduction, identity, signing };
}

function keyed(path: string, key: unknown) {
  const parsed = parsePublicJwk(key, "SIGN");
  if (!parsed.ok) throw new Stop(`${path} holds a key that ${parsed.message}.`);
  return { kid: thumbprintOfJwk(parsed.jwk), jwk: parsed.jwk };
}
