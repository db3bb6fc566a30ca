import type { IncomingMessage } from "node:http";
import { Unauthenticated } from "../../kernel/errors.ts";
import { type Credentials, InvalidProof, PROOF_ALGORITHMS } from "../auth/dpop.ts";

/** RFC 6750 §2.1, RFC 9110 §11.4: the scheme in any case, and one blank or more. */
const AUTHORIZATION = /^(?<scheme>Bearer|DPoP) +(?<token>[\x21-\x7e]+)$/i;

/** Every value that the request has of a header, named in lower case. */
export function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === name);
}

/** What the request says to have; each header once. @throws Unauthenticated */
export function readCredentials(request: IncomingMessage): Credentials {
  const [authorization = "", ...more] = valuesOf(request, "authorization");
  const { scheme, token } = AUTHORIZATION.exec(authorization)?.groups ?? {};
  if (!scheme || !token || more.length > 0) throw new Unauthenticated();
  const proofs = valuesOf(request, "dpop");
  return {
    scheme: scheme.toLowerCase() === "dpop" ? "DPoP" : "Bearer",
    token,
    proof: proofs.length === 1 ? proofs[0]! : null,
  };
}

/**
 * What `www-authenticate` says (RFC 6750 §3, RFC 9449 §7.1): both schemes, and to whoever brought a token
 * under one of them whether that or its proof is not valid. Why stays inside.
 */
export function challenge({ headers }: IncomingMessage, error: Unauthenticated): string {
  const [, tried = ""] = /^(bearer|dpop) /i.exec(headers.authorization ?? "") ?? [];
  const code = error instanceof InvalidProof ? "invalid_dpop_proof" : "invalid_token";
  const bearer = tried.toLowerCase() === "bearer" ? `Bearer error="${code}"` : "Bearer";
  const dpop = tried.toLowerCase() === "dpop" ? `DPoP error="${code}", ` : "DPoP ";
  return `${bearer}, ${dpop}algs="${PROOF_ALGORITHMS.join(" ")}"`;
}
