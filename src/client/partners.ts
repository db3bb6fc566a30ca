import type { JWK } from "jose";
import {
  type ActiveKey,
  checkKeyLog,
  type KeyPin,
  open,
  type Opened,
  seal,
  SealingError,
} from "../sealing/index.ts";
import type { Client } from "./client.ts";
import { CallFailed } from "./failure.ts";
import { KeyLog, Organisation } from "./operations.ts";

/** Keeps a pin for each partner: the first with the thumbprint that was compared out of band, see `pinOf`. */
export interface PinStore {
  load(identityThumbprint: string): Promise<KeyPin | null>;
  save(pin: KeyPin): Promise<void>;
}
export interface OwnKeys {
  readonly identityThumbprint: string;
  /** Published with use SIGN; private. */
  readonly signingKey: JWK;
  /** Published with use SEAL, and retired ones that something may still be sealed to; private. */
  readonly sealingKeys: readonly JWK[];
}
export interface Partners {
  /** Its active keys, by the whole log and the pin; the pin moves forward. @throws SealingError, CallFailed */
  keysOf(identityThumbprint: string): Promise<readonly ActiveKey[]>;
  /** An envelope for one partner and one object, opened within `days` (1 to 365). @throws SealingError, CallFailed, RangeError */
  sealTo(
    identityThumbprint: string,
    what: { readonly subject: string; readonly content: Uint8Array; readonly days: number },
  ): Promise<string>;
  /** What a partner sealed to us, for this object. @throws SealingError, CallFailed */
  openFrom(
    identityThumbprint: string,
    what: { readonly subject: string; readonly envelope: string },
  ): Promise<Opened>;
}

/** The server is believed nothing about keys: only the log that a pinned identity key signed. */
export function createPartners(
  client: Pick<Client, "run" | "all">,
  own: OwnKeys,
  pins: PinStore,
): Partners {
  const turns = new Map<string, Promise<unknown>>();
  /** One partner's log at a time: of two at once, the one that saw less of it could keep its pin last. */
  async function keysOf(thumbprint: string): Promise<readonly ActiveKey[]> {
    const turn = Promise.allSettled([turns.get(thumbprint)]).then(() => checkedKeys(thumbprint));
    turns.set(thumbprint, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(thumbprint) === turn) turns.delete(thumbprint);
    }
  }

  async function checkedKeys(thumbprint: string): Promise<readonly ActiveKey[]> {
    const pin = await pins.load(thumbprint);
    if (!pin) {
      throw new SealingError("NOT_PINNED", "Compare the partner's thumbprint and pin it first.");
    }
    const { organisation } = await client.run(Organisation, { thumbprint });
    if (!organisation) throw new CallFailed("NOT_FOUND", "Nobody is known by this thumbprint.");
    const variables = { organisationId: organisation.id, first: 100 };
    const entries = client.all(KeyLog, variables, ({ keyLog }) => keyLog);
    const checked = await checkKeyLog(organisation.identityKey, entries, pin);
    if (checked.pin.lastSequence > pin.lastSequence) await pins.save(checked.pin);
    return checked.active;
  }

  return {
    keysOf,
    async sealTo(thumbprint, { subject, content, days }) {
      if (!(days >= 1 && days <= 365)) throw new RangeError("days: 1 to 365");
      const key = (await keysOf(thumbprint)).findLast(({ use }) => use === "SEAL");
      if (!key) throw new SealingError("KEY_NOT_ACTIVE", "The partner has no sealing key.");
      const issuedAt = new Date();
      return seal({
        content,
        recipientKey: key.jwk,
        senderKey: own.signingKey,
        sender: own.identityThumbprint,
        audience: thumbprint,
        subject,
        issuedAt,
        expiresAt: new Date(issuedAt.getTime() + days * 86_400_000),
      });
    },
    async openFrom(thumbprint, { subject, envelope }) {
      const keys = await keysOf(thumbprint);
      return open({
        envelope,
        privateKeys: own.sealingKeys,
        sender: thumbprint,
        senderKeys: keys.filter(({ use }) => use === "SIGN").map(({ jwk }) => jwk),
        audience: own.identityThumbprint,
        subject,
        now: new Date(),
      });
    },
  };
}
