// Generated from schema/ by `npm run generate`.

/** A document, and the types of its answer and of its variables: to any GraphQL client, a string. */
export type Operation<Result, Variables> = string & {
  /** Never there at run time; the shape that typed clients read the types from. */
  readonly __apiType?: (variables: Variables) => Result;
};

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** With holdBeds both or neither; it needs beds:hold, too. */
export type AcceptHandoffInput = {
  /** The caller's own, a random UUID (RFC 9562, version 4) in lower case; never the sender's. Null: that of holdBeds, which has this one where it has none. */
  readonly caseReference?: string | null | undefined;
  /** Its riskProfile is the handoff's; its idempotencyKey is not looked at. */
  readonly holdBeds?: HoldBedsInput | null | undefined;
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
};

/** For people to weigh. Whether it blocks, inForce alone says. */
export type AdvisoryLevel =
  | 'AVOID'
  | 'CAUTION'
  | 'NO_NEW_ARRIVALS';

export type AdvisoryStepInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
};

export type AssureConsulateContactInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly programme: ProgrammeStatus;
  /** In the future, by 366 days at most. */
  readonly reviewBy: string;
};

/** Free beds: NONE 0, FEW 1 to 2, SOME 3 to 5, MANY 6 or more. */
export type AvailabilityBand =
  | 'FEW'
  | 'MANY'
  | 'NONE'
  | 'SOME';

export type BedHoldStatus =
  /** By the holder, from HELD: the beds are occupied. */
  | 'CONFIRMED'
  /** By the host, from HELD: the beds are free again. */
  | 'DECLINED'
  /** By the clock, from CONFIRMED when the day of the last check-out is over (UTC). */
  | 'ENDED'
  /** By the clock, from HELD at expiresAt: the beds are free again. */
  | 'EXPIRED'
  /** By the holder, until expiresAt: the beds are nobody else's. */
  | 'HELD'
  /** By the holder, from HELD or CONFIRMED: the beds are free again. */
  | 'RELEASED';

export type BedSearch = {
  /** At one shelter, on every night; from 1 to 10000. */
  readonly beds?: number;
  /** The first night: yesterday (UTC) or later. */
  readonly checkIn: string;
  /** Exclusive: the day of departure. 1 to 366 nights after checkIn. */
  readonly checkOut: string;
  readonly country: string;
  /** Those that a shelter must have. */
  readonly features?: ReadonlyArray<ShelterFeature> | null | undefined;
  /** Shows it all the same; it still cannot be held. */
  readonly includeUnsafe?: boolean;
  /** Its whole name, in capitals or not. Null: anywhere in the country. */
  readonly locality?: string | null | undefined;
  /** Hides what an advisory in force forbids for it. */
  readonly riskProfile?: RiskProfile | null | undefined;
};

export type BedStayInput = {
  /** From 1 to 10000. */
  readonly beds: number;
  /** The first night: yesterday (UTC) or later. */
  readonly checkIn: string;
  /** Exclusive. 1 to 366 nights after checkIn, or the shelter's maxStayNights. */
  readonly checkOut: string;
  readonly shelterId: string;
};

/** What it is for. What it may do, its scopes alone say; an organisation keeps one ADMIN with CLIENTS_MANAGE. */
export type ClientKind =
  | 'ADMIN'
  | 'BOT'
  | 'DASHBOARD';

export type ConfirmBedHoldInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
};

export type ConsentInput = {
  /** True where children travel alone: a caregiver gave it for them. */
  readonly caregiver?: boolean;
  /** In the future, by 366 days at most. */
  readonly expiresAt: string;
  /** At most 5 minutes in the future. */
  readonly givenAt: string;
  /** One of needs. */
  readonly purpose: Need;
};

export type ConsulateSearch = {
  /** Null: any. */
  readonly country?: string | null | undefined;
  /** Any of them. Null or empty: any. */
  readonly documents?: ReadonlyArray<TravelDocument> | null | undefined;
  /** Those past reviewBy, too. */
  readonly includeStale?: boolean;
  /** Null: any. */
  readonly representing?: string | null | undefined;
  /** Null: any. */
  readonly riskProfile?: RiskProfile | null | undefined;
};

export type CreateCircleInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** At most 200. */
  readonly memberIds: ReadonlyArray<string>;
  /** 1 to 80 characters in one line, without blanks around them. */
  readonly name: string;
  /** Is a member, listed or not. */
  readonly stewardId: string;
};

export type CreateShelterInput = {
  /** What its nights begin with, from 0 to 10000. */
  readonly beds: number;
  readonly country: string;
  /** Each once. */
  readonly features: ReadonlyArray<ShelterFeature>;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly kind: ShelterKind;
  /** A code name; never an address. One shelter's of its owner. 1 to 80 characters in one line, without blanks around them. */
  readonly label: string;
  /** City or region; nothing finer. 1 to 80 characters in one line, without blanks around them. */
  readonly locality: string;
  /** From 1 to 366. Null: no bound of its own. */
  readonly maxStayNights?: number | null | undefined;
};

export type DeclineBedHoldInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
};

/** By anybody of the party. INTERNAL_PASSPORT: for use at home; few borders take it. */
export type DocumentHeld =
  | 'FOREIGN_PASSPORT'
  | 'HUMANITARIAN_VISA'
  | 'INTERNAL_PASSPORT'
  | 'NONE'
  | 'SUBSTITUTE_TRAVEL_DOCUMENT';

/** What of the subject is different now. REVEAL_WANTED: its owner is asked to seal the contact to somebody. REVEAL_READY: it has. */
export type EventKind =
  | 'ADVISORY_CHANGED'
  | 'BEDS_CHANGED'
  | 'BED_HOLD_CHANGED'
  | 'CONSULATE_CHANGED'
  | 'GRANT_CHANGED'
  | 'HANDOFF_CHANGED'
  | 'KEY_CHANGED'
  | 'ORGANISATION_CHANGED'
  | 'REVEAL_READY'
  | 'REVEAL_WANTED';

export type GrantDirection =
  | 'GIVEN'
  | 'RECEIVED';

/** Exactly one of organisationId and circleId. */
export type GrantScopesInput = {
  readonly circleId?: string | null | undefined;
  /** One or more, each once. Null: every country. */
  readonly countries?: ReadonlyArray<string> | null | undefined;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** Another than the caller's own. */
  readonly organisationId?: string | null | undefined;
  /** One or more, each once, of BEDS_READ, BEDS_HOLD, CONSULATES_READ, CONSULATES_REVEAL and HANDOFFS_OFFER, those the owner has itself. */
  readonly scopes: ReadonlyArray<Scope>;
  /** At most 5 minutes in the past. Null: from now on. */
  readonly validFrom?: string | null | undefined;
  /** Exclusive; in the future, and after validFrom. Null: until revoked. */
  readonly validUntil?: string | null | undefined;
};

export type HandoffBox =
  | 'INBOX'
  | 'OUTBOX';

export type HandoffParty =
  /** A deadline has passed. */
  | 'CLOCK'
  /** A side was suspended or locked down, or an advisory is in force. */
  | 'NETWORK'
  /** Or a candidate. */
  | 'RECIPIENT'
  | 'SENDER';

/** Given with a step. The network itself gives NO_ANSWER, CONSENT_WITHDRAWN, ORGANISATION_SUSPENDED and UNSAFE_COUNTRY. */
export type HandoffReason =
  | 'CONSENT_WITHDRAWN'
  | 'DELIVERED'
  | 'NO_ANSWER'
  | 'NO_CAPACITY'
  | 'ORGANISATION_SUSPENDED'
  | 'OTHER'
  | 'OUT_OF_SCOPE'
  | 'PERSON_DECLINED'
  | 'PLAN_CHANGED'
  | 'UNSAFE_COUNTRY';

/** Each tells by whom and from where it is reached. Any other step is an IllegalTransition, never a silent no-op. */
export type HandoffStatus =
  /** By the first candidate (acceptHandoff), from REQUESTED: now it is the recipient. The sender seals the file to it. */
  | 'ACCEPTED'
  /** By the sender (cancelHandoff, withdrawConsent), from any that is not final. */
  | 'CANCELLED'
  /** By the recipient (completeHandoff), from IN_PROGRESS. Final, like those below. */
  | 'COMPLETED'
  /** By the clock: REQUESTED at decideBy, ACCEPTED where no file was sealed within the time to acknowledge, counted anew when it is resumed, or one lay there for 14 days or until its consent ended, and was purged then, ten minutes later at most. */
  | 'EXPIRED'
  /** By the recipient (failHandoff), from ACCEPTED, IN_PROGRESS or ON_HOLD: responsibility is the sender's again. */
  | 'FAILED'
  /** By the recipient (receiveHandoff), from ACCEPTED with the file there: responsibility has moved. 30 days after its last step and the end of its consent it is gone for both sides, and no event tells: end it before. */
  | 'IN_PROGRESS'
  /** By the recipient (holdHandoff), from ACCEPTED or IN_PROGRESS, or by the network: one side is suspended or locked down, or advisories in force close every destination. resumeHandoff leads back to where it was; what was only REQUESTED goes back by itself, and no HANDOFF_CHANGED tells of either: ADVISORY_CHANGED does to whoever may see the advisory, and the list to everybody. */
  | 'ON_HOLD'
  /** By the last candidate left (rejectHandoff), from REQUESTED. */
  | 'REJECTED'
  /** By the sender (offerHandoff). Any candidate may accept or reject. */
  | 'REQUESTED';

export type HandoffStepInput = {
  /** Of receiveHandoff alone: the envelope that was read, and is safe where it was read. EnvelopeReplaced where another lies there. Null receives whatever lies there, though it was never read. */
  readonly envelopeDigest?: string | null | undefined;
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** Kept with the handoff where the step changes its state, not where a candidate acknowledges it or only drops out. withdrawConsent has its own. */
  readonly reason?: HandoffReason | null | undefined;
};

/** What is to be feared in the country. WANTED_LIST_SHARING: its authorities act on the wanted lists of the state that people flee. PROGRAMME_PAUSED: what would have let them in, or on, is not to be had. */
export type Hazard =
  | 'ABDUCTION'
  | 'BORDER_CLOSED'
  | 'DEPORTATION'
  | 'FACE_RECOGNITION'
  | 'PROGRAMME_PAUSED'
  | 'WANTED_LIST_SHARING';

export type HoldBedsInput = {
  /** The caller's own, a random UUID (RFC 9562, version 4) in lower case; the host never sees it. */
  readonly caseReference?: string | null | undefined;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** At most 50 of the caller's own case references or holds, that must not stay at the same shelter in the same nights. NOT_FOUND for a hold that is not there; a reference without holds keeps from nobody. */
  readonly keepApartFrom?: ReadonlyArray<string> | null | undefined;
  readonly riskProfile: RiskProfile;
  /** 1 to 20, all at one host, at most 1000 nights in all. */
  readonly stays: ReadonlyArray<BedStayInput>;
  /** From 1 to 10080 (a week). */
  readonly ttlMinutes?: number;
};

export type HoldSide =
  | 'HOLDER'
  | 'HOST';

export type KeyChange =
  | 'PUBLISHED'
  | 'RETIRED';

export type KeyUse =
  /** Others seal to it. */
  | 'SEAL'
  /** Tokens, and what is sealed. */
  | 'SIGN';

export type LockDownInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** The caller's own. */
  readonly organisationId: string;
};

/** SHELTER, TRAVEL_DOCUMENT and HUMANITARIAN_VISA are matched, by HandoffMatches. */
export type Need =
  | 'CASH'
  | 'HUMANITARIAN_VISA'
  | 'INTERPRETING'
  | 'LEGAL_DEFENCE'
  | 'MEDICAL'
  | 'PSYCHOSOCIAL'
  | 'SHELTER'
  | 'TRANSPORT'
  | 'TRAVEL_DOCUMENT';

export type NetworkStatus =
  | 'ACTIVE'
  /** Nobody is let in but network admins, and they with NETWORK_ADMIN alone: to see what was touched (blastRadius), to suspend by whom, and to open it again. */
  | 'LOCKED_DOWN';

export type OfferHandoffInput = {
  /** 1 to 20, each once, each of which gave the caller HANDOFFS_OFFER for a destination. */
  readonly candidateIds: ReadonlyArray<string>;
  /** The caller's own, a random UUID (RFC 9562, version 4) in lower case. It has one live offer at a time. */
  readonly caseReference?: string | null | undefined;
  readonly consent: ConsentInput;
  /** Where the people are. */
  readonly country: string;
  /** 1 to 20, each once, any of which would do. */
  readonly destinations: ReadonlyArray<string>;
  /** One or more, each once; NONE alone. */
  readonly documentsHeld: ReadonlyArray<DocumentHeld>;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** One or more, each once. */
  readonly needs: ReadonlyArray<Need>;
  readonly party: PartyInput;
  readonly priority: Priority;
  readonly riskProfile: RiskProfile;
  /** Exclusive. 1 to 366 days after windowStart, and not in the past. */
  readonly windowEnd: string;
  /** The first night. */
  readonly windowStart: string;
};

export type OrganisationStatus =
  | 'ACTIVE'
  /** The same, and its grants, given and received, were revoked for good. */
  | 'LOCKED_DOWN'
  /** Its tokens open nothing, its grants lie dormant, its accepted handoffs are ON_HOLD until a recipient resumes what it has received. What it warned of stands: an advisory in force blocks until it lapses, and nobody withdraws it. */
  | 'SUSPENDED';

/** 1 to 50 people. */
export type PartyInput = {
  readonly adults: number;
  readonly children: number;
  readonly placement?: Placement;
};

export type Placement =
  /** At several, where that is easier. */
  | 'APART'
  /** All at one shelter. */
  | 'TOGETHER';

/** Acknowledge within 24 h, 72 h, 14 d (IASC); decide within twice that. */
export type Priority =
  | 'EMERGENCY'
  | 'ROUTINE'
  | 'URGENT';

export type ProgrammeStatus =
  | 'ACTIVE'
  /** The same; what was sealed for it is deleted, and 30 days later the contact, too. */
  | 'CLOSED'
  /** Shown, but left out of matching. */
  | 'PAUSED';

export type PublishAdvisoryInput = {
  readonly country: string;
  /** At most 5 minutes in the past. Null: from now on. */
  readonly effectiveFrom?: string | null | undefined;
  /** In the future, and after effectiveFrom by at most 180 days. */
  readonly expiresAt: string;
  /** One or more, each once. */
  readonly hazards: ReadonlyArray<Hazard>;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly level: AdvisoryLevel;
  /** One or more, each once. */
  readonly riskProfiles: ReadonlyArray<RiskProfile>;
};

export type PublishConsulateContactInput = {
  /** Where the mission stands. */
  readonly country: string;
  /** Each once; none where that is not known. */
  readonly documents: ReadonlyArray<TravelDocument>;
  /** At most 20, one for each organisation that a grant lets reveal it. Their sub is the contact's id, known from the answer: usually none here, then sealConsulateContact. */
  readonly envelopes: ReadonlyArray<string>;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** At most 20, each once, of at most 35 characters, without extensions and private use. */
  readonly languages: ReadonlyArray<string>;
  /** From 0 to 730. Null where that is not known. */
  readonly leadTimeDays?: number | null | undefined;
  /** City; nothing finer. 1 to 80 characters in one line, without blanks around them. */
  readonly locality: string;
  /** Whose mission it is. */
  readonly representing: string;
  /** In the future, by 366 days at most. */
  readonly reviewBy: string;
  /** Each once; with none, no search for one finds it. */
  readonly riskProfiles: ReadonlyArray<RiskProfile>;
};

export type PublishKeyInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** The public half: a private member is BAD_USER_INPUT. */
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string };
  /** JWS of at most 4 KiB, typ `key-statement+jws`, by the identity key: exactly iss (identity thumbprint), change PUBLISHED, use, kid, jwk, sequence, previousHash (of the log's last entry, or 64 zeros) and iat. */
  readonly statement: string;
  readonly use: KeyUse;
};

export type RegisterClientInput = {
  /** 1 to 128 of a-z, 0-9, `.`, `_` and `-`, from a letter or digit on; unique in its organisation, for good. */
  readonly clientId: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly kind: ClientKind;
  /** True: as setClientDpop, from its first token on. */
  readonly requireDpop?: boolean | null | undefined;
  /** Its ceiling: one or more, each once. */
  readonly scopes: ReadonlyArray<Scope>;
};

export type RegisterOrganisationInput = {
  /** 3 to 40 of a-z, 0-9 and `-`, from a letter on, without `-` at its end. */
  readonly handle: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** Its thumbprint was compared out of band before. */
  readonly identityKey: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string };
  /** `iss` of its tokens: an https URL without query and fragment (RFC 8414), at most 1,000 characters after https://. */
  readonly issuer: string;
  /** https, without credentials; fetched from public addresses alone. Or signingKeys, or both. */
  readonly jwksUri?: string | null | undefined;
  /** Its ceiling: one or more, each once. */
  readonly scopes: ReadonlyArray<Scope>;
  /** At most 10, none of them the identity key; they sign its tokens. */
  readonly signingKeys?: ReadonlyArray<{ readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string }> | null | undefined;
};

export type ReleaseBedHoldInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
};

/** At least one of label and locality. */
export type RenameShelterInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** A code name; never an address. One shelter's of its owner. 1 to 80 characters in one line, without blanks around them. Null: as it is. */
  readonly label?: string | null | undefined;
  /** City or region; nothing finer. 1 to 80 characters in one line, without blanks around them. Null: as it is. */
  readonly locality?: string | null | undefined;
  readonly shelterId: string;
};

export type ReplacedEnvelopeInput = {
  /** As envelopeDigest, instructionsDigest or sealed told it. Null: none lies there yet. */
  readonly digest?: string | null | undefined;
};

export type RetireKeyInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly kid: string;
  /** As for publishKey, RETIRED, without jwk. */
  readonly statement: string;
};

export type RevealConsulateContactInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly purpose: RevealPurpose;
};

export type RevealPurpose =
  | 'DETENTION'
  | 'LEGAL_DEFENCE'
  | 'TRAVEL_DOCUMENT'
  | 'VISA_APPLICATION';

export type RevokeClientInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
};

export type RevokeGrantInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
};

export type RevokeTokenInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** The token's own id (RFC 7519): 16 to 128 visible ASCII characters. */
  readonly jti: string;
};

/** Why a state wants somebody, as far as an advisory may turn on it. */
export type RiskProfile =
  | 'CONSCIENTIOUS_OBJECTOR'
  | 'DESERTER'
  | 'JOURNALIST'
  | 'OTHER'
  | 'POLITICAL'
  | 'RELATIVE';

/** As an OAuth scope string: BEDS_READ is `beds:read`. */
export type Scope =
  | 'ADVISORIES_PUBLISH'
  | 'ADVISORIES_READ'
  | 'AUDIT_READ'
  | 'BEDS_HOLD'
  | 'BEDS_MANAGE'
  | 'BEDS_READ'
  | 'CLIENTS_MANAGE'
  | 'CONSULATES_MANAGE'
  | 'CONSULATES_READ'
  | 'CONSULATES_REVEAL'
  | 'HANDOFFS_OFFER'
  | 'HANDOFFS_READ'
  | 'HANDOFFS_RECEIVE'
  | 'KEYS_MANAGE'
  | 'NETWORK_ADMIN'
  | 'ORGANISATIONS_READ'
  | 'SHARING_MANAGE';

export type SealConsulateContactInput = {
  /** 1 to 20; their sub is this id. */
  readonly envelopes: ReadonlyArray<string>;
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** What the caller knows to lie there, for each envelope in their order. BAD_USER_INPUT says ENVELOPE_REPLACED where it is something else by then, and nothing was sealed. Null puts each over whatever lies there, also over what a colleague has sealed since. */
  readonly replaces?: ReadonlyArray<ReplacedEnvelopeInput> | null | undefined;
};

export type SealHandoffInput = {
  /** Sealed to an active sealing key of the recipient; its sub is this id. */
  readonly envelope: string;
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** What the caller knows to lie there. EnvelopeReplaced where it is something else by then. Null puts this one over whatever lies there, also over what a colleague has sealed since. */
  readonly replaces?: ReplacedEnvelopeInput | null | undefined;
};

export type SendInstructionsInput = {
  /** Sealed to an active sealing key of the holder; its sub is this id. */
  readonly envelope: string;
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** What the caller knows to lie there. EnvelopeReplaced where it is something else by then. Null puts this one over whatever lies there, also over what a colleague has sealed since. */
  readonly replaces?: ReplacedEnvelopeInput | null | undefined;
};

/** At least one of maximum and outOfService. */
export type SetBedsInput = {
  /** The first night: yesterday (UTC) or later. */
  readonly from: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** From 0 to 10000. Null: as it is. */
  readonly maximum?: number | null | undefined;
  /** From 0 to 10000. Null: as it is. */
  readonly outOfService?: number | null | undefined;
  readonly shelterId: string;
  /** Exclusive; at most 366 days from today. */
  readonly until: string;
};

export type SetCircleMembersInput = {
  readonly circleId: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** All of them, at most 200; the steward stays. */
  readonly memberIds: ReadonlyArray<string>;
};

export type SetClientDpopInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly requireDpop: boolean;
};

export type SetClientScopesInput = {
  readonly id: string;
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** Its whole ceiling: one or more, each once. */
  readonly scopes: ReadonlyArray<Scope>;
};

export type SetNetworkStatusInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly status: NetworkStatus;
};

export type SetOrganisationScopesInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  readonly organisationId: string;
  /** Its whole ceiling: one or more, each once. */
  readonly scopes: ReadonlyArray<Scope>;
};

export type SetOrganisationStatusInput = {
  /** 8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key. */
  readonly idempotencyKey: string;
  /** Another than the caller's own. */
  readonly organisationId: string;
  readonly status: OrganisationStatus;
};

export type ShelterFeature =
  | 'CHILDREN_WELCOME'
  | 'FAMILY_ROOM'
  | 'PETS'
  | 'PRIVATE_ROOM'
  | 'STEP_FREE'
  | 'WOMEN_ONLY';

export type ShelterKind =
  | 'APARTMENT'
  | 'HOSTEL'
  | 'HOST_FAMILY'
  | 'HOTEL';

/** What a mission issues. SUBSTITUTE_TRAVEL_DOCUMENT: in place of a passport (laissez-passer, Passersatz). SCHENGEN_VISA: a uniform visa, for 90 days at most (Regulation (EC) No 810/2009). NATIONAL_VISA: for longer, under the law of one state. */
export type TravelDocument =
  | 'HUMANITARIAN_VISA'
  | 'NATIONAL_VISA'
  | 'SCHENGEN_VISA'
  | 'SUBSTITUTE_TRAVEL_DOCUMENT';

export type AcceptHandoffMutationVariables = Exact<{
  input: AcceptHandoffInput;
}>;


export type AcceptHandoffMutation = { readonly acceptHandoff:
    | { readonly __typename: 'AdvisoryInForce', readonly message: string, readonly advisory: { readonly __typename: 'Advisory', readonly id: string, readonly country: string, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly confirmations: number, readonly inForce: boolean, readonly effectiveFrom: string, readonly expiresAt: string, readonly withdrawnAt: string | null, readonly issuer: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } }
    | { readonly __typename: 'AlreadyAccepted', readonly message: string }
    | { readonly __typename: 'CapacityExhausted', readonly message: string, readonly shelterId: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
    | { readonly __typename: 'KeptApart', readonly message: string, readonly shelterId: string }
   };

export type AcknowledgeHandoffMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type AcknowledgeHandoffMutation = { readonly acknowledgeHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type AdvisoriesQueryVariables = Exact<{
  country?: string | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type AdvisoriesQuery = { readonly advisories: { readonly __typename: 'AdvisoryConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'AdvisoryEdge', readonly node: { readonly __typename: 'Advisory', readonly id: string, readonly country: string, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly confirmations: number, readonly inForce: boolean, readonly effectiveFrom: string, readonly expiresAt: string, readonly withdrawnAt: string | null, readonly issuer: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type AssureConsulateContactMutationVariables = Exact<{
  input: AssureConsulateContactInput;
}>;


export type AssureConsulateContactMutation = { readonly assureConsulateContact: { readonly __typename: 'ConsulateContact', readonly id: string, readonly representing: string, readonly country: string, readonly locality: string, readonly documents: ReadonlyArray<TravelDocument>, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly languages: ReadonlyArray<string>, readonly leadTimeDays: number | null, readonly programme: ProgrammeStatus, readonly assuredAt: string, readonly reviewBy: string, readonly stale: boolean, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } };

export type AuditCheckpointQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditCheckpointQuery = { readonly auditCheckpoint: { readonly __typename: 'AuditCheckpoint', readonly sequence: number, readonly hash: string, readonly signature: string, readonly nodeKey: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string } } };

export type AuditTrailQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type AuditTrailQuery = { readonly auditTrail: { readonly __typename: 'AuditEntryConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'AuditEntryEdge', readonly node: { readonly __typename: 'AuditEntry', readonly sequence: number, readonly at: string, readonly clientId: string | null, readonly action: string, readonly scope: Scope, readonly subjectId: string, readonly record: string, readonly previousHash: string, readonly hash: string, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly owner: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type BedAvailabilityQueryVariables = Exact<{
  search: BedSearch;
  first?: number;
  after?: string | null | undefined;
}>;


export type BedAvailabilityQuery = { readonly bedAvailability: { readonly __typename: 'BedAvailabilityConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'BedAvailabilityEdge', readonly node: { readonly __typename: 'BedAvailability', readonly band: AvailabilityBand, readonly beds: number | null, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string, readonly kind: ShelterKind, readonly features: ReadonlyArray<ShelterFeature>, readonly maxStayNights: number | null, readonly assuredAt: string, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } }, readonly advisories: ReadonlyArray<{ readonly __typename: 'Advisory', readonly id: string, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly inForce: boolean, readonly expiresAt: string }> } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type BedHoldQueryVariables = Exact<{
  id: string;
}>;


export type BedHoldQuery = { readonly node:
    | { readonly __typename: 'Advisory' }
    | { readonly __typename: 'BedHold', readonly id: string, readonly status: BedHoldStatus, readonly expiresAt: string | null, readonly instructionsDigest: string | null, readonly instructionsKeyRetiredAt: string | null, readonly holder: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly host: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly stays: ReadonlyArray<{ readonly __typename: 'BedStay', readonly beds: number, readonly checkIn: string, readonly checkOut: string, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string } }>, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'Circle' }
    | { readonly __typename: 'Client' }
    | { readonly __typename: 'ConsulateContact' }
    | { readonly __typename: 'Handoff' }
    | { readonly __typename: 'Organisation' }
    | { readonly __typename: 'SharingGrant' }
    | { readonly __typename: 'Shelter' }
   | null };

export type BedHoldInstructionsQueryVariables = Exact<{
  id: string;
}>;


export type BedHoldInstructionsQuery = { readonly node:
    | { readonly __typename: 'Advisory' }
    | { readonly __typename: 'BedHold', readonly id: string, readonly instructions: string | null, readonly host: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } }
    | { readonly __typename: 'Circle' }
    | { readonly __typename: 'Client' }
    | { readonly __typename: 'ConsulateContact' }
    | { readonly __typename: 'Handoff' }
    | { readonly __typename: 'Organisation' }
    | { readonly __typename: 'SharingGrant' }
    | { readonly __typename: 'Shelter' }
   | null };

export type BedHoldsQueryVariables = Exact<{
  side: HoldSide;
  statuses?: ReadonlyArray<BedHoldStatus> | BedHoldStatus | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type BedHoldsQuery = { readonly bedHolds: { readonly __typename: 'BedHoldConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'BedHoldEdge', readonly node: { readonly __typename: 'BedHold', readonly id: string, readonly status: BedHoldStatus, readonly expiresAt: string | null, readonly holder: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly host: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly stays: ReadonlyArray<{ readonly __typename: 'BedStay', readonly beds: number, readonly checkIn: string, readonly checkOut: string, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string } }>, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type BlastRadiusQueryVariables = Exact<{
  organisationId: string;
  since: string;
}>;


export type BlastRadiusQuery = { readonly blastRadius: ReadonlyArray<{ readonly __typename: 'BlastRadiusEntry', readonly action: string, readonly count: number, readonly lastAt: string, readonly owner: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } }> };

export type CancelHandoffMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type CancelHandoffMutation = { readonly cancelHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type CirclesQueryVariables = Exact<{ [key: string]: never; }>;


export type CirclesQuery = { readonly circles: ReadonlyArray<{ readonly __typename: 'Circle', readonly id: string, readonly name: string, readonly steward: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly members: ReadonlyArray<{ readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }> }> };

export type ClientsQueryVariables = Exact<{
  organisationId: string;
}>;


export type ClientsQuery = { readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly scopes: ReadonlyArray<Scope> | null, readonly clients: ReadonlyArray<{ readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly requireDpop: boolean, readonly revokedAt: string | null }> | null } | null };

export type CompleteHandoffMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type CompleteHandoffMutation = { readonly completeHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type ConfirmAdvisoryMutationVariables = Exact<{
  input: AdvisoryStepInput;
}>;


export type ConfirmAdvisoryMutation = { readonly confirmAdvisory: { readonly __typename: 'Advisory', readonly id: string, readonly country: string, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly confirmations: number, readonly inForce: boolean, readonly effectiveFrom: string, readonly expiresAt: string, readonly withdrawnAt: string | null, readonly issuer: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } };

export type ConfirmBedHoldMutationVariables = Exact<{
  input: ConfirmBedHoldInput;
}>;


export type ConfirmBedHoldMutation = { readonly confirmBedHold:
    | { readonly __typename: 'BedHold', readonly id: string, readonly status: BedHoldStatus, readonly expiresAt: string | null, readonly holder: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly host: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly stays: ReadonlyArray<{ readonly __typename: 'BedStay', readonly beds: number, readonly checkIn: string, readonly checkOut: string, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string } }>, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type ConsulateContactsQueryVariables = Exact<{
  search: ConsulateSearch;
  first?: number;
  after?: string | null | undefined;
}>;


export type ConsulateContactsQuery = { readonly consulateContacts: { readonly __typename: 'ConsulateContactConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'ConsulateContactEdge', readonly node: { readonly __typename: 'ConsulateContact', readonly id: string, readonly representing: string, readonly country: string, readonly locality: string, readonly documents: ReadonlyArray<TravelDocument>, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly languages: ReadonlyArray<string>, readonly leadTimeDays: number | null, readonly programme: ProgrammeStatus, readonly assuredAt: string, readonly reviewBy: string, readonly stale: boolean, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type CreateCircleMutationVariables = Exact<{
  input: CreateCircleInput;
}>;


export type CreateCircleMutation = { readonly createCircle: { readonly __typename: 'Circle', readonly id: string, readonly name: string, readonly steward: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly members: ReadonlyArray<{ readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }> } };

export type CreateShelterMutationVariables = Exact<{
  input: CreateShelterInput;
}>;


export type CreateShelterMutation = { readonly createShelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string, readonly kind: ShelterKind, readonly features: ReadonlyArray<ShelterFeature>, readonly maxStayNights: number | null, readonly assuredAt: string, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } };

export type DeclineBedHoldMutationVariables = Exact<{
  input: DeclineBedHoldInput;
}>;


export type DeclineBedHoldMutation = { readonly declineBedHold:
    | { readonly __typename: 'BedHold', readonly id: string, readonly status: BedHoldStatus, readonly expiresAt: string | null, readonly holder: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly host: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly stays: ReadonlyArray<{ readonly __typename: 'BedStay', readonly beds: number, readonly checkIn: string, readonly checkOut: string, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string } }>, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type EventsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  kinds?: ReadonlyArray<EventKind> | EventKind | null | undefined;
}>;


export type EventsQuery = { readonly events: { readonly __typename: 'EventConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'EventEdge', readonly node: { readonly __typename: 'Event', readonly cursor: string, readonly kind: EventKind, readonly subjectId: string, readonly at: string } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type FailHandoffMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type FailHandoffMutation = { readonly failHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type FollowEventsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
  kinds?: ReadonlyArray<EventKind> | EventKind | null | undefined;
}>;


export type FollowEventsSubscription = { readonly events: { readonly __typename: 'Event', readonly cursor: string, readonly kind: EventKind, readonly subjectId: string, readonly at: string } };

export type GrantScopesMutationVariables = Exact<{
  input: GrantScopesInput;
}>;


export type GrantScopesMutation = { readonly grantScopes: { readonly __typename: 'SharingGrant', readonly id: string, readonly scopes: ReadonlyArray<Scope>, readonly countries: ReadonlyArray<string> | null, readonly validFrom: string, readonly validUntil: string | null, readonly revokedAt: string | null, readonly owner: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly grantee:
      | { readonly __typename: 'Circle', readonly id: string, readonly name: string }
      | { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }
     } };

export type HandoffQueryVariables = Exact<{
  id: string;
}>;


export type HandoffQuery = { readonly node:
    | { readonly __typename: 'Advisory' }
    | { readonly __typename: 'BedHold' }
    | { readonly __typename: 'Circle' }
    | { readonly __typename: 'Client' }
    | { readonly __typename: 'ConsulateContact' }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly needs: ReadonlyArray<Need>, readonly riskProfile: RiskProfile, readonly priority: Priority, readonly country: string, readonly destinations: ReadonlyArray<string>, readonly documentsHeld: ReadonlyArray<DocumentHeld>, readonly windowStart: string, readonly windowEnd: string, readonly acknowledgedAt: string | null, readonly acknowledgeBy: string, readonly decideBy: string, readonly reason: HandoffReason | null, readonly envelopeDigest: string | null, readonly envelopeKeyRetiredAt: string | null, readonly receivedDigest: string | null, readonly sender: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly party: { readonly __typename: 'Party', readonly adults: number, readonly children: number, readonly placement: Placement }, readonly consent: { readonly __typename: 'Consent', readonly purpose: Need, readonly givenAt: string, readonly expiresAt: string, readonly caregiver: boolean, readonly withdrawnAt: string | null }, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null, readonly history: ReadonlyArray<{ readonly __typename: 'HandoffTransition', readonly to: HandoffStatus, readonly by: HandoffParty, readonly at: string }> }
    | { readonly __typename: 'Organisation' }
    | { readonly __typename: 'SharingGrant' }
    | { readonly __typename: 'Shelter' }
   | null };

export type HandoffEnvelopeQueryVariables = Exact<{
  id: string;
}>;


export type HandoffEnvelopeQuery = { readonly node:
    | { readonly __typename: 'Advisory' }
    | { readonly __typename: 'BedHold' }
    | { readonly __typename: 'Circle' }
    | { readonly __typename: 'Client' }
    | { readonly __typename: 'ConsulateContact' }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly envelope: string | null, readonly sender: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } }
    | { readonly __typename: 'Organisation' }
    | { readonly __typename: 'SharingGrant' }
    | { readonly __typename: 'Shelter' }
   | null };

export type HandoffMatchesQueryVariables = Exact<{
  id: string;
}>;


export type HandoffMatchesQuery = { readonly node:
    | { readonly __typename: 'Advisory' }
    | { readonly __typename: 'BedHold' }
    | { readonly __typename: 'Circle' }
    | { readonly __typename: 'Client' }
    | { readonly __typename: 'ConsulateContact' }
    | { readonly __typename: 'Handoff', readonly id: string, readonly matches: { readonly __typename: 'HandoffMatches', readonly beds: ReadonlyArray<{ readonly __typename: 'BedAvailability', readonly band: AvailabilityBand, readonly beds: number | null, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string, readonly kind: ShelterKind, readonly features: ReadonlyArray<ShelterFeature>, readonly maxStayNights: number | null, readonly assuredAt: string, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } }, readonly advisories: ReadonlyArray<{ readonly __typename: 'Advisory', readonly id: string, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly inForce: boolean, readonly expiresAt: string }> }>, readonly consulates: ReadonlyArray<{ readonly __typename: 'ConsulateContact', readonly id: string, readonly representing: string, readonly country: string, readonly locality: string, readonly documents: ReadonlyArray<TravelDocument>, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly languages: ReadonlyArray<string>, readonly leadTimeDays: number | null, readonly programme: ProgrammeStatus, readonly assuredAt: string, readonly reviewBy: string, readonly stale: boolean, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } }>, readonly advisories: ReadonlyArray<{ readonly __typename: 'Advisory', readonly id: string, readonly country: string, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly confirmations: number, readonly inForce: boolean, readonly effectiveFrom: string, readonly expiresAt: string, readonly withdrawnAt: string | null, readonly issuer: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } }> } }
    | { readonly __typename: 'Organisation' }
    | { readonly __typename: 'SharingGrant' }
    | { readonly __typename: 'Shelter' }
   | null };

export type HandoffsQueryVariables = Exact<{
  box: HandoffBox;
  statuses?: ReadonlyArray<HandoffStatus> | HandoffStatus | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type HandoffsQuery = { readonly handoffs: { readonly __typename: 'HandoffConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'HandoffEdge', readonly node: { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly needs: ReadonlyArray<Need>, readonly riskProfile: RiskProfile, readonly priority: Priority, readonly country: string, readonly destinations: ReadonlyArray<string>, readonly documentsHeld: ReadonlyArray<DocumentHeld>, readonly windowStart: string, readonly windowEnd: string, readonly acknowledgedAt: string | null, readonly acknowledgeBy: string, readonly decideBy: string, readonly reason: HandoffReason | null, readonly sender: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly party: { readonly __typename: 'Party', readonly adults: number, readonly children: number, readonly placement: Placement }, readonly consent: { readonly __typename: 'Consent', readonly purpose: Need, readonly givenAt: string, readonly expiresAt: string, readonly caregiver: boolean, readonly withdrawnAt: string | null }, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type HoldBedsMutationVariables = Exact<{
  input: HoldBedsInput;
}>;


export type HoldBedsMutation = { readonly holdBeds:
    | { readonly __typename: 'AdvisoryInForce', readonly message: string, readonly advisory: { readonly __typename: 'Advisory', readonly id: string, readonly country: string, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly confirmations: number, readonly inForce: boolean, readonly effectiveFrom: string, readonly expiresAt: string, readonly withdrawnAt: string | null, readonly issuer: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } }
    | { readonly __typename: 'BedHold', readonly id: string, readonly status: BedHoldStatus, readonly expiresAt: string | null, readonly holder: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly host: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly stays: ReadonlyArray<{ readonly __typename: 'BedStay', readonly beds: number, readonly checkIn: string, readonly checkOut: string, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string } }>, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'CapacityExhausted', readonly message: string, readonly shelterId: string }
    | { readonly __typename: 'KeptApart', readonly message: string, readonly shelterId: string }
   };

export type HoldHandoffMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type HoldHandoffMutation = { readonly holdHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type KeyLogQueryVariables = Exact<{
  organisationId?: string | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type KeyLogQuery = { readonly keyLog: { readonly __typename: 'KeyLogEntryConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'KeyLogEntryEdge', readonly node: { readonly __typename: 'KeyLogEntry', readonly sequence: number, readonly kid: string, readonly change: KeyChange, readonly statement: string, readonly previousHash: string, readonly hash: string, readonly organisation: { readonly __typename: 'Organisation', readonly id: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type LockDownOrganisationMutationVariables = Exact<{
  input: LockDownInput;
}>;


export type LockDownOrganisationMutation = { readonly lockDownOrganisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string, readonly status: OrganisationStatus } };

export type OfferHandoffMutationVariables = Exact<{
  input: OfferHandoffInput;
}>;


export type OfferHandoffMutation = { readonly offerHandoff:
    | { readonly __typename: 'AdvisoryInForce', readonly message: string, readonly advisory: { readonly __typename: 'Advisory', readonly id: string, readonly country: string, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly confirmations: number, readonly inForce: boolean, readonly effectiveFrom: string, readonly expiresAt: string, readonly withdrawnAt: string | null, readonly issuer: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly needs: ReadonlyArray<Need>, readonly riskProfile: RiskProfile, readonly priority: Priority, readonly country: string, readonly destinations: ReadonlyArray<string>, readonly documentsHeld: ReadonlyArray<DocumentHeld>, readonly windowStart: string, readonly windowEnd: string, readonly acknowledgedAt: string | null, readonly acknowledgeBy: string, readonly decideBy: string, readonly reason: HandoffReason | null, readonly sender: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly party: { readonly __typename: 'Party', readonly adults: number, readonly children: number, readonly placement: Placement }, readonly consent: { readonly __typename: 'Consent', readonly purpose: Need, readonly givenAt: string, readonly expiresAt: string, readonly caregiver: boolean, readonly withdrawnAt: string | null }, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
   };

export type OrganisationQueryVariables = Exact<{
  id?: string | null | undefined;
  handle?: string | null | undefined;
  thumbprint?: string | null | undefined;
}>;


export type OrganisationQuery = { readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string, readonly status: OrganisationStatus, readonly identityKey: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string }, readonly sealingKeys: ReadonlyArray<{ readonly __typename: 'PublicKey', readonly kid: string, readonly use: KeyUse, readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string }, readonly publishedAt: string, readonly retiredAt: string | null, readonly statement: string }> } | null };

export type OrganisationsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type OrganisationsQuery = { readonly organisations: { readonly __typename: 'OrganisationConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'OrganisationEdge', readonly node: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string, readonly status: OrganisationStatus } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PublishAdvisoryMutationVariables = Exact<{
  input: PublishAdvisoryInput;
}>;


export type PublishAdvisoryMutation = { readonly publishAdvisory: { readonly __typename: 'Advisory', readonly id: string, readonly country: string, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly confirmations: number, readonly inForce: boolean, readonly effectiveFrom: string, readonly expiresAt: string, readonly withdrawnAt: string | null, readonly issuer: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } };

export type PublishConsulateContactMutationVariables = Exact<{
  input: PublishConsulateContactInput;
}>;


export type PublishConsulateContactMutation = { readonly publishConsulateContact: { readonly __typename: 'ConsulateContact', readonly id: string, readonly representing: string, readonly country: string, readonly locality: string, readonly documents: ReadonlyArray<TravelDocument>, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly languages: ReadonlyArray<string>, readonly leadTimeDays: number | null, readonly programme: ProgrammeStatus, readonly assuredAt: string, readonly reviewBy: string, readonly stale: boolean, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } };

export type PublishKeyMutationVariables = Exact<{
  input: PublishKeyInput;
}>;


export type PublishKeyMutation = { readonly publishKey: { readonly __typename: 'PublicKey', readonly kid: string, readonly use: KeyUse, readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string }, readonly publishedAt: string, readonly retiredAt: string | null, readonly statement: string } };

export type ReceiveHandoffMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type ReceiveHandoffMutation = { readonly receiveHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type RegisterClientMutationVariables = Exact<{
  input: RegisterClientInput;
}>;


export type RegisterClientMutation = { readonly registerClient: { readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly requireDpop: boolean, readonly revokedAt: string | null } };

export type RegisterOrganisationMutationVariables = Exact<{
  input: RegisterOrganisationInput;
}>;


export type RegisterOrganisationMutation = { readonly registerOrganisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string, readonly status: OrganisationStatus, readonly scopes: ReadonlyArray<Scope> | null, readonly clients: ReadonlyArray<{ readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly revokedAt: string | null }> | null } };

export type RejectHandoffMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type RejectHandoffMutation = { readonly rejectHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type ReleaseBedHoldMutationVariables = Exact<{
  input: ReleaseBedHoldInput;
}>;


export type ReleaseBedHoldMutation = { readonly releaseBedHold:
    | { readonly __typename: 'BedHold', readonly id: string, readonly status: BedHoldStatus, readonly expiresAt: string | null, readonly holder: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly host: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly stays: ReadonlyArray<{ readonly __typename: 'BedStay', readonly beds: number, readonly checkIn: string, readonly checkOut: string, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string } }>, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type RenameShelterMutationVariables = Exact<{
  input: RenameShelterInput;
}>;


export type RenameShelterMutation = { readonly renameShelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string, readonly kind: ShelterKind, readonly features: ReadonlyArray<ShelterFeature>, readonly maxStayNights: number | null, readonly assuredAt: string, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } };

export type ResumeHandoffMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type ResumeHandoffMutation = { readonly resumeHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type RetireKeyMutationVariables = Exact<{
  input: RetireKeyInput;
}>;


export type RetireKeyMutation = { readonly retireKey: { readonly __typename: 'PublicKey', readonly kid: string, readonly use: KeyUse, readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string }, readonly publishedAt: string, readonly retiredAt: string | null, readonly statement: string } };

export type RevealConsulateContactMutationVariables = Exact<{
  input: RevealConsulateContactInput;
}>;


export type RevealConsulateContactMutation = { readonly revealConsulateContact:
    | { readonly __typename: 'ConsulateReveal', readonly envelope: string | null, readonly contact: { readonly __typename: 'ConsulateContact', readonly id: string, readonly representing: string, readonly country: string, readonly locality: string, readonly documents: ReadonlyArray<TravelDocument>, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly languages: ReadonlyArray<string>, readonly leadTimeDays: number | null, readonly programme: ProgrammeStatus, readonly assuredAt: string, readonly reviewBy: string, readonly stale: boolean, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } }
    | { readonly __typename: 'RevealBudgetSpent', readonly message: string, readonly retryAfterSeconds: number }
   };

export type RevokeClientMutationVariables = Exact<{
  input: RevokeClientInput;
}>;


export type RevokeClientMutation = { readonly revokeClient: { readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly revokedAt: string | null } };

export type RevokeGrantMutationVariables = Exact<{
  input: RevokeGrantInput;
}>;


export type RevokeGrantMutation = { readonly revokeGrant: { readonly __typename: 'SharingGrant', readonly id: string, readonly scopes: ReadonlyArray<Scope>, readonly countries: ReadonlyArray<string> | null, readonly validFrom: string, readonly validUntil: string | null, readonly revokedAt: string | null, readonly owner: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly grantee:
      | { readonly __typename: 'Circle', readonly id: string, readonly name: string }
      | { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }
     } };

export type RevokeTokenMutationVariables = Exact<{
  input: RevokeTokenInput;
}>;


export type RevokeTokenMutation = { readonly revokeToken: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string, readonly status: OrganisationStatus, readonly scopes: ReadonlyArray<Scope> | null } };

export type SealConsulateContactMutationVariables = Exact<{
  input: SealConsulateContactInput;
}>;


export type SealConsulateContactMutation = { readonly sealConsulateContact: { readonly __typename: 'ConsulateContact', readonly id: string, readonly representing: string, readonly country: string, readonly locality: string, readonly documents: ReadonlyArray<TravelDocument>, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly languages: ReadonlyArray<string>, readonly leadTimeDays: number | null, readonly programme: ProgrammeStatus, readonly assuredAt: string, readonly reviewBy: string, readonly stale: boolean, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly sealed: ReadonlyArray<{ readonly __typename: 'SealedContact', readonly digest: string, readonly keyRetiredAt: string | null, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } }> } };

export type SealHandoffMutationVariables = Exact<{
  input: SealHandoffInput;
}>;


export type SealHandoffMutation = { readonly sealHandoff:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type SendInstructionsMutationVariables = Exact<{
  input: SendInstructionsInput;
}>;


export type SendInstructionsMutation = { readonly sendInstructions:
    | { readonly __typename: 'BedHold', readonly id: string, readonly status: BedHoldStatus, readonly expiresAt: string | null, readonly holder: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly host: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly stays: ReadonlyArray<{ readonly __typename: 'BedStay', readonly beds: number, readonly checkIn: string, readonly checkOut: string, readonly shelter: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string } }>, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export type SetBedsMutationVariables = Exact<{
  input: SetBedsInput;
}>;


export type SetBedsMutation = { readonly setBeds: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string, readonly kind: ShelterKind, readonly features: ReadonlyArray<ShelterFeature>, readonly maxStayNights: number | null, readonly assuredAt: string, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } };

export type SetCircleMembersMutationVariables = Exact<{
  input: SetCircleMembersInput;
}>;


export type SetCircleMembersMutation = { readonly setCircleMembers: { readonly __typename: 'Circle', readonly id: string, readonly name: string, readonly steward: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly members: ReadonlyArray<{ readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }> } };

export type SetClientDpopMutationVariables = Exact<{
  input: SetClientDpopInput;
}>;


export type SetClientDpopMutation = { readonly setClientDpop: { readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly requireDpop: boolean, readonly revokedAt: string | null } };

export type SetClientScopesMutationVariables = Exact<{
  input: SetClientScopesInput;
}>;


export type SetClientScopesMutation = { readonly setClientScopes: { readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly revokedAt: string | null } };

export type SetNetworkStatusMutationVariables = Exact<{
  input: SetNetworkStatusInput;
}>;


export type SetNetworkStatusMutation = { readonly setNetworkStatus: NetworkStatus };

export type SetOrganisationScopesMutationVariables = Exact<{
  input: SetOrganisationScopesInput;
}>;


export type SetOrganisationScopesMutation = { readonly setOrganisationScopes: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string, readonly status: OrganisationStatus, readonly scopes: ReadonlyArray<Scope> | null, readonly clients: ReadonlyArray<{ readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly revokedAt: string | null }> | null } };

export type SetOrganisationStatusMutationVariables = Exact<{
  input: SetOrganisationStatusInput;
}>;


export type SetOrganisationStatusMutation = { readonly setOrganisationStatus: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string, readonly status: OrganisationStatus, readonly scopes: ReadonlyArray<Scope> | null, readonly clients: ReadonlyArray<{ readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly revokedAt: string | null }> | null } };

export type SharingGrantsQueryVariables = Exact<{
  direction: GrantDirection;
  first?: number;
  after?: string | null | undefined;
}>;


export type SharingGrantsQuery = { readonly sharingGrants: { readonly __typename: 'SharingGrantConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'SharingGrantEdge', readonly node: { readonly __typename: 'SharingGrant', readonly id: string, readonly scopes: ReadonlyArray<Scope>, readonly countries: ReadonlyArray<string> | null, readonly validFrom: string, readonly validUntil: string | null, readonly revokedAt: string | null, readonly owner: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }, readonly grantee:
          | { readonly __typename: 'Circle', readonly id: string, readonly name: string }
          | { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string }
         } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ShelterNightsQueryVariables = Exact<{
  id: string;
  from: string;
  until: string;
}>;


export type ShelterNightsQuery = { readonly node:
    | { readonly __typename: 'Advisory' }
    | { readonly __typename: 'BedHold' }
    | { readonly __typename: 'Circle' }
    | { readonly __typename: 'Client' }
    | { readonly __typename: 'ConsulateContact' }
    | { readonly __typename: 'Handoff' }
    | { readonly __typename: 'Organisation' }
    | { readonly __typename: 'SharingGrant' }
    | { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly nights: ReadonlyArray<{ readonly __typename: 'BedNight', readonly date: string, readonly maximum: number, readonly available: number, readonly held: number, readonly occupied: number, readonly outOfService: number }> }
   | null };

export type SheltersQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type SheltersQuery = { readonly shelters: { readonly __typename: 'ShelterConnection', readonly edges: ReadonlyArray<{ readonly __typename: 'ShelterEdge', readonly node: { readonly __typename: 'Shelter', readonly id: string, readonly label: string, readonly country: string, readonly locality: string, readonly kind: ShelterKind, readonly features: ReadonlyArray<ShelterFeature>, readonly maxStayNights: number | null, readonly assuredAt: string, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } }>, readonly pageInfo: { readonly __typename: 'PageInfo', readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: { readonly __typename: 'Viewer', readonly scopes: ReadonlyArray<Scope>, readonly organisation: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string, readonly status: OrganisationStatus }, readonly client: { readonly __typename: 'Client', readonly id: string, readonly clientId: string, readonly kind: ClientKind, readonly scopes: ReadonlyArray<Scope>, readonly revokedAt: string | null } } };

export type WithdrawAdvisoryMutationVariables = Exact<{
  input: AdvisoryStepInput;
}>;


export type WithdrawAdvisoryMutation = { readonly withdrawAdvisory: { readonly __typename: 'Advisory', readonly id: string, readonly country: string, readonly riskProfiles: ReadonlyArray<RiskProfile>, readonly level: AdvisoryLevel, readonly hazards: ReadonlyArray<Hazard>, readonly confirmations: number, readonly inForce: boolean, readonly effectiveFrom: string, readonly expiresAt: string, readonly withdrawnAt: string | null, readonly issuer: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } } };

export type WithdrawConsentMutationVariables = Exact<{
  input: HandoffStepInput;
}>;


export type WithdrawConsentMutation = { readonly withdrawConsent:
    | { readonly __typename: 'EnvelopeReplaced', readonly message: string }
    | { readonly __typename: 'Handoff', readonly id: string, readonly status: HandoffStatus, readonly acknowledgedAt: string | null, readonly decideBy: string, readonly reason: HandoffReason | null, readonly recipient: { readonly __typename: 'Organisation', readonly id: string, readonly handle: string, readonly identityThumbprint: string } | null, readonly caseReference: { readonly __typename: 'CaseReference', readonly id: string } | null }
    | { readonly __typename: 'IllegalTransition', readonly message: string, readonly from: string, readonly allowed: ReadonlyArray<string> }
   };

export const AcceptHandoff = "mutation AcceptHandoff($input: AcceptHandoffInput!) {\n  acceptHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on AlreadyAccepted {\n      __typename\n      message\n    }\n    ... on AdvisoryInForce {\n      __typename\n      message\n      advisory {\n        __typename\n        id\n        country\n        riskProfiles\n        level\n        hazards\n        issuer {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        confirmations\n        inForce\n        effectiveFrom\n        expiresAt\n        withdrawnAt\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on CapacityExhausted {\n      __typename\n      message\n      shelterId\n    }\n    ... on KeptApart {\n      __typename\n      message\n      shelterId\n    }\n  }\n}" as Operation<AcceptHandoffMutation, AcceptHandoffMutationVariables>;
export const AcknowledgeHandoff = "mutation AcknowledgeHandoff($input: HandoffStepInput!) {\n  acknowledgeHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<AcknowledgeHandoffMutation, AcknowledgeHandoffMutationVariables>;
export const Advisories = "query Advisories($country: CountryCode, $first: Int! = 20, $after: String) {\n  advisories(country: $country, first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        id\n        country\n        riskProfiles\n        level\n        hazards\n        issuer {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        confirmations\n        inForce\n        effectiveFrom\n        expiresAt\n        withdrawnAt\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<AdvisoriesQuery, AdvisoriesQueryVariables>;
export const AssureConsulateContact = "mutation AssureConsulateContact($input: AssureConsulateContactInput!) {\n  assureConsulateContact(input: $input) {\n    __typename\n    id\n    organisation {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    representing\n    country\n    locality\n    documents\n    riskProfiles\n    languages\n    leadTimeDays\n    programme\n    assuredAt\n    reviewBy\n    stale\n  }\n}" as Operation<AssureConsulateContactMutation, AssureConsulateContactMutationVariables>;
export const AuditCheckpoint = "query AuditCheckpoint {\n  auditCheckpoint {\n    __typename\n    sequence\n    hash\n    signature\n    nodeKey\n  }\n}" as Operation<AuditCheckpointQuery, AuditCheckpointQueryVariables>;
export const AuditTrail = "query AuditTrail($first: Int! = 100, $after: String) {\n  auditTrail(first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        sequence\n        at\n        clientId\n        organisation {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        owner {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        action\n        scope\n        subjectId\n        record\n        previousHash\n        hash\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<AuditTrailQuery, AuditTrailQueryVariables>;
export const BedAvailability = "query BedAvailability($search: BedSearch!, $first: Int! = 20, $after: String) {\n  bedAvailability(search: $search, first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        band\n        beds\n        shelter {\n          __typename\n          id\n          organisation {\n            __typename\n            id\n            handle\n            identityThumbprint\n          }\n          label\n          country\n          locality\n          kind\n          features\n          maxStayNights\n          assuredAt\n        }\n        advisories {\n          __typename\n          id\n          level\n          hazards\n          inForce\n          expiresAt\n        }\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<BedAvailabilityQuery, BedAvailabilityQueryVariables>;
export const BedHold = "query BedHold($id: ID!) {\n  node(id: $id) {\n    __typename\n    ... on BedHold {\n      __typename\n      id\n      status\n      expiresAt\n      holder {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      host {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      stays {\n        __typename\n        beds\n        checkIn\n        checkOut\n        shelter {\n          __typename\n          id\n          label\n          country\n          locality\n        }\n      }\n      caseReference {\n        __typename\n        id\n      }\n      instructionsDigest\n      instructionsKeyRetiredAt\n    }\n  }\n}" as Operation<BedHoldQuery, BedHoldQueryVariables>;
export const BedHoldInstructions = "query BedHoldInstructions($id: ID!) {\n  node(id: $id) {\n    __typename\n    ... on BedHold {\n      __typename\n      id\n      host {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      instructions\n    }\n  }\n}" as Operation<BedHoldInstructionsQuery, BedHoldInstructionsQueryVariables>;
export const BedHolds = "query BedHolds($side: HoldSide!, $statuses: [BedHoldStatus!], $first: Int! = 20, $after: String) {\n  bedHolds(side: $side, statuses: $statuses, first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        id\n        status\n        expiresAt\n        holder {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        host {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        stays {\n          __typename\n          beds\n          checkIn\n          checkOut\n          shelter {\n            __typename\n            id\n            label\n            country\n            locality\n          }\n        }\n        caseReference {\n          __typename\n          id\n        }\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<BedHoldsQuery, BedHoldsQueryVariables>;
export const BlastRadius = "query BlastRadius($organisationId: ID!, $since: DateTime!) {\n  blastRadius(organisationId: $organisationId, since: $since) {\n    __typename\n    owner {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    action\n    count\n    lastAt\n  }\n}" as Operation<BlastRadiusQuery, BlastRadiusQueryVariables>;
export const CancelHandoff = "mutation CancelHandoff($input: HandoffStepInput!) {\n  cancelHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<CancelHandoffMutation, CancelHandoffMutationVariables>;
export const Circles = "query Circles {\n  circles {\n    __typename\n    id\n    name\n    steward {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    members {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n  }\n}" as Operation<CirclesQuery, CirclesQueryVariables>;
export const Clients = "query Clients($organisationId: ID!) {\n  organisation(id: $organisationId) {\n    __typename\n    id\n    handle\n    scopes\n    clients {\n      __typename\n      id\n      clientId\n      kind\n      scopes\n      requireDpop\n      revokedAt\n    }\n  }\n}" as Operation<ClientsQuery, ClientsQueryVariables>;
export const CompleteHandoff = "mutation CompleteHandoff($input: HandoffStepInput!) {\n  completeHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<CompleteHandoffMutation, CompleteHandoffMutationVariables>;
export const ConfirmAdvisory = "mutation ConfirmAdvisory($input: AdvisoryStepInput!) {\n  confirmAdvisory(input: $input) {\n    __typename\n    id\n    country\n    riskProfiles\n    level\n    hazards\n    issuer {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    confirmations\n    inForce\n    effectiveFrom\n    expiresAt\n    withdrawnAt\n  }\n}" as Operation<ConfirmAdvisoryMutation, ConfirmAdvisoryMutationVariables>;
export const ConfirmBedHold = "mutation ConfirmBedHold($input: ConfirmBedHoldInput!) {\n  confirmBedHold(input: $input) {\n    __typename\n    ... on BedHold {\n      __typename\n      id\n      status\n      expiresAt\n      holder {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      host {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      stays {\n        __typename\n        beds\n        checkIn\n        checkOut\n        shelter {\n          __typename\n          id\n          label\n          country\n          locality\n        }\n      }\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<ConfirmBedHoldMutation, ConfirmBedHoldMutationVariables>;
export const ConsulateContacts = "query ConsulateContacts($search: ConsulateSearch!, $first: Int! = 20, $after: String) {\n  consulateContacts(search: $search, first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        id\n        organisation {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        representing\n        country\n        locality\n        documents\n        riskProfiles\n        languages\n        leadTimeDays\n        programme\n        assuredAt\n        reviewBy\n        stale\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<ConsulateContactsQuery, ConsulateContactsQueryVariables>;
export const CreateCircle = "mutation CreateCircle($input: CreateCircleInput!) {\n  createCircle(input: $input) {\n    __typename\n    id\n    name\n    steward {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    members {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n  }\n}" as Operation<CreateCircleMutation, CreateCircleMutationVariables>;
export const CreateShelter = "mutation CreateShelter($input: CreateShelterInput!) {\n  createShelter(input: $input) {\n    __typename\n    id\n    organisation {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    label\n    country\n    locality\n    kind\n    features\n    maxStayNights\n    assuredAt\n  }\n}" as Operation<CreateShelterMutation, CreateShelterMutationVariables>;
export const DeclineBedHold = "mutation DeclineBedHold($input: DeclineBedHoldInput!) {\n  declineBedHold(input: $input) {\n    __typename\n    ... on BedHold {\n      __typename\n      id\n      status\n      expiresAt\n      holder {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      host {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      stays {\n        __typename\n        beds\n        checkIn\n        checkOut\n        shelter {\n          __typename\n          id\n          label\n          country\n          locality\n        }\n      }\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<DeclineBedHoldMutation, DeclineBedHoldMutationVariables>;
export const Events = "query Events($first: Int! = 100, $after: String, $kinds: [EventKind!]) {\n  events(first: $first, after: $after, kinds: $kinds) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        cursor\n        kind\n        subjectId\n        at\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<EventsQuery, EventsQueryVariables>;
export const FailHandoff = "mutation FailHandoff($input: HandoffStepInput!) {\n  failHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<FailHandoffMutation, FailHandoffMutationVariables>;
export const FollowEvents = "subscription FollowEvents($after: String, $kinds: [EventKind!]) {\n  events(after: $after, kinds: $kinds) {\n    __typename\n    cursor\n    kind\n    subjectId\n    at\n  }\n}" as Operation<FollowEventsSubscription, FollowEventsSubscriptionVariables>;
export const GrantScopes = "mutation GrantScopes($input: GrantScopesInput!) {\n  grantScopes(input: $input) {\n    __typename\n    id\n    owner {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    grantee {\n      __typename\n      ... on Organisation {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      ... on Circle {\n        __typename\n        id\n        name\n      }\n    }\n    scopes\n    countries\n    validFrom\n    validUntil\n    revokedAt\n  }\n}" as Operation<GrantScopesMutation, GrantScopesMutationVariables>;
export const Handoff = "query Handoff($id: ID!) {\n  node(id: $id) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      sender {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      needs\n      riskProfile\n      party {\n        __typename\n        adults\n        children\n        placement\n      }\n      priority\n      country\n      destinations\n      documentsHeld\n      windowStart\n      windowEnd\n      consent {\n        __typename\n        purpose\n        givenAt\n        expiresAt\n        caregiver\n        withdrawnAt\n      }\n      acknowledgedAt\n      acknowledgeBy\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n      envelopeDigest\n      envelopeKeyRetiredAt\n      receivedDigest\n      history {\n        __typename\n        to\n        by\n        at\n      }\n    }\n  }\n}" as Operation<HandoffQuery, HandoffQueryVariables>;
export const HandoffEnvelope = "query HandoffEnvelope($id: ID!) {\n  node(id: $id) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      sender {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      envelope\n    }\n  }\n}" as Operation<HandoffEnvelopeQuery, HandoffEnvelopeQueryVariables>;
export const HandoffMatches = "query HandoffMatches($id: ID!) {\n  node(id: $id) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      matches {\n        __typename\n        beds {\n          __typename\n          band\n          beds\n          shelter {\n            __typename\n            id\n            organisation {\n              __typename\n              id\n              handle\n              identityThumbprint\n            }\n            label\n            country\n            locality\n            kind\n            features\n            maxStayNights\n            assuredAt\n          }\n          advisories {\n            __typename\n            id\n            level\n            hazards\n            inForce\n            expiresAt\n          }\n        }\n        consulates {\n          __typename\n          id\n          organisation {\n            __typename\n            id\n            handle\n            identityThumbprint\n          }\n          representing\n          country\n          locality\n          documents\n          riskProfiles\n          languages\n          leadTimeDays\n          programme\n          assuredAt\n          reviewBy\n          stale\n        }\n        advisories {\n          __typename\n          id\n          country\n          riskProfiles\n          level\n          hazards\n          issuer {\n            __typename\n            id\n            handle\n            identityThumbprint\n          }\n          confirmations\n          inForce\n          effectiveFrom\n          expiresAt\n          withdrawnAt\n        }\n      }\n    }\n  }\n}" as Operation<HandoffMatchesQuery, HandoffMatchesQueryVariables>;
export const Handoffs = "query Handoffs($box: HandoffBox!, $statuses: [HandoffStatus!], $first: Int! = 20, $after: String) {\n  handoffs(box: $box, statuses: $statuses, first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        id\n        status\n        sender {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        recipient {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        needs\n        riskProfile\n        party {\n          __typename\n          adults\n          children\n          placement\n        }\n        priority\n        country\n        destinations\n        documentsHeld\n        windowStart\n        windowEnd\n        consent {\n          __typename\n          purpose\n          givenAt\n          expiresAt\n          caregiver\n          withdrawnAt\n        }\n        acknowledgedAt\n        acknowledgeBy\n        decideBy\n        reason\n        caseReference {\n          __typename\n          id\n        }\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<HandoffsQuery, HandoffsQueryVariables>;
export const HoldBeds = "mutation HoldBeds($input: HoldBedsInput!) {\n  holdBeds(input: $input) {\n    __typename\n    ... on BedHold {\n      __typename\n      id\n      status\n      expiresAt\n      holder {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      host {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      stays {\n        __typename\n        beds\n        checkIn\n        checkOut\n        shelter {\n          __typename\n          id\n          label\n          country\n          locality\n        }\n      }\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on AdvisoryInForce {\n      __typename\n      message\n      advisory {\n        __typename\n        id\n        country\n        riskProfiles\n        level\n        hazards\n        issuer {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        confirmations\n        inForce\n        effectiveFrom\n        expiresAt\n        withdrawnAt\n      }\n    }\n    ... on CapacityExhausted {\n      __typename\n      message\n      shelterId\n    }\n    ... on KeptApart {\n      __typename\n      message\n      shelterId\n    }\n  }\n}" as Operation<HoldBedsMutation, HoldBedsMutationVariables>;
export const HoldHandoff = "mutation HoldHandoff($input: HandoffStepInput!) {\n  holdHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<HoldHandoffMutation, HoldHandoffMutationVariables>;
export const KeyLog = "query KeyLog($organisationId: ID, $first: Int! = 100, $after: String) {\n  keyLog(organisationId: $organisationId, first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        sequence\n        organisation {\n          __typename\n          id\n        }\n        kid\n        change\n        statement\n        previousHash\n        hash\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<KeyLogQuery, KeyLogQueryVariables>;
export const LockDownOrganisation = "mutation LockDownOrganisation($input: LockDownInput!) {\n  lockDownOrganisation(input: $input) {\n    __typename\n    id\n    handle\n    identityThumbprint\n    status\n  }\n}" as Operation<LockDownOrganisationMutation, LockDownOrganisationMutationVariables>;
export const OfferHandoff = "mutation OfferHandoff($input: OfferHandoffInput!) {\n  offerHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      sender {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      needs\n      riskProfile\n      party {\n        __typename\n        adults\n        children\n        placement\n      }\n      priority\n      country\n      destinations\n      documentsHeld\n      windowStart\n      windowEnd\n      consent {\n        __typename\n        purpose\n        givenAt\n        expiresAt\n        caregiver\n        withdrawnAt\n      }\n      acknowledgedAt\n      acknowledgeBy\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on AdvisoryInForce {\n      __typename\n      message\n      advisory {\n        __typename\n        id\n        country\n        riskProfiles\n        level\n        hazards\n        issuer {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        confirmations\n        inForce\n        effectiveFrom\n        expiresAt\n        withdrawnAt\n      }\n    }\n  }\n}" as Operation<OfferHandoffMutation, OfferHandoffMutationVariables>;
export const Organisation = "query Organisation($id: ID, $handle: String, $thumbprint: Thumbprint) {\n  organisation(id: $id, handle: $handle, thumbprint: $thumbprint) {\n    __typename\n    id\n    handle\n    identityThumbprint\n    status\n    identityKey\n    sealingKeys {\n      __typename\n      kid\n      use\n      jwk\n      publishedAt\n      retiredAt\n      statement\n    }\n  }\n}" as Operation<OrganisationQuery, OrganisationQueryVariables>;
export const Organisations = "query Organisations($first: Int! = 20, $after: String) {\n  organisations(first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        id\n        handle\n        identityThumbprint\n        status\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<OrganisationsQuery, OrganisationsQueryVariables>;
export const PublishAdvisory = "mutation PublishAdvisory($input: PublishAdvisoryInput!) {\n  publishAdvisory(input: $input) {\n    __typename\n    id\n    country\n    riskProfiles\n    level\n    hazards\n    issuer {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    confirmations\n    inForce\n    effectiveFrom\n    expiresAt\n    withdrawnAt\n  }\n}" as Operation<PublishAdvisoryMutation, PublishAdvisoryMutationVariables>;
export const PublishConsulateContact = "mutation PublishConsulateContact($input: PublishConsulateContactInput!) {\n  publishConsulateContact(input: $input) {\n    __typename\n    id\n    organisation {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    representing\n    country\n    locality\n    documents\n    riskProfiles\n    languages\n    leadTimeDays\n    programme\n    assuredAt\n    reviewBy\n    stale\n  }\n}" as Operation<PublishConsulateContactMutation, PublishConsulateContactMutationVariables>;
export const PublishKey = "mutation PublishKey($input: PublishKeyInput!) {\n  publishKey(input: $input) {\n    __typename\n    kid\n    use\n    jwk\n    publishedAt\n    retiredAt\n    statement\n  }\n}" as Operation<PublishKeyMutation, PublishKeyMutationVariables>;
export const ReceiveHandoff = "mutation ReceiveHandoff($input: HandoffStepInput!) {\n  receiveHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<ReceiveHandoffMutation, ReceiveHandoffMutationVariables>;
export const RegisterClient = "mutation RegisterClient($input: RegisterClientInput!) {\n  registerClient(input: $input) {\n    __typename\n    id\n    clientId\n    kind\n    scopes\n    requireDpop\n    revokedAt\n  }\n}" as Operation<RegisterClientMutation, RegisterClientMutationVariables>;
export const RegisterOrganisation = "mutation RegisterOrganisation($input: RegisterOrganisationInput!) {\n  registerOrganisation(input: $input) {\n    __typename\n    id\n    handle\n    identityThumbprint\n    status\n    scopes\n    clients {\n      __typename\n      id\n      clientId\n      kind\n      scopes\n      revokedAt\n    }\n  }\n}" as Operation<RegisterOrganisationMutation, RegisterOrganisationMutationVariables>;
export const RejectHandoff = "mutation RejectHandoff($input: HandoffStepInput!) {\n  rejectHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<RejectHandoffMutation, RejectHandoffMutationVariables>;
export const ReleaseBedHold = "mutation ReleaseBedHold($input: ReleaseBedHoldInput!) {\n  releaseBedHold(input: $input) {\n    __typename\n    ... on BedHold {\n      __typename\n      id\n      status\n      expiresAt\n      holder {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      host {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      stays {\n        __typename\n        beds\n        checkIn\n        checkOut\n        shelter {\n          __typename\n          id\n          label\n          country\n          locality\n        }\n      }\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<ReleaseBedHoldMutation, ReleaseBedHoldMutationVariables>;
export const RenameShelter = "mutation RenameShelter($input: RenameShelterInput!) {\n  renameShelter(input: $input) {\n    __typename\n    id\n    organisation {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    label\n    country\n    locality\n    kind\n    features\n    maxStayNights\n    assuredAt\n  }\n}" as Operation<RenameShelterMutation, RenameShelterMutationVariables>;
export const ResumeHandoff = "mutation ResumeHandoff($input: HandoffStepInput!) {\n  resumeHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<ResumeHandoffMutation, ResumeHandoffMutationVariables>;
export const RetireKey = "mutation RetireKey($input: RetireKeyInput!) {\n  retireKey(input: $input) {\n    __typename\n    kid\n    use\n    jwk\n    publishedAt\n    retiredAt\n    statement\n  }\n}" as Operation<RetireKeyMutation, RetireKeyMutationVariables>;
export const RevealConsulateContact = "mutation RevealConsulateContact($input: RevealConsulateContactInput!) {\n  revealConsulateContact(input: $input) {\n    __typename\n    ... on ConsulateReveal {\n      __typename\n      contact {\n        __typename\n        id\n        organisation {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        representing\n        country\n        locality\n        documents\n        riskProfiles\n        languages\n        leadTimeDays\n        programme\n        assuredAt\n        reviewBy\n        stale\n      }\n      envelope\n    }\n    ... on RevealBudgetSpent {\n      __typename\n      message\n      retryAfterSeconds\n    }\n  }\n}" as Operation<RevealConsulateContactMutation, RevealConsulateContactMutationVariables>;
export const RevokeClient = "mutation RevokeClient($input: RevokeClientInput!) {\n  revokeClient(input: $input) {\n    __typename\n    id\n    clientId\n    kind\n    scopes\n    revokedAt\n  }\n}" as Operation<RevokeClientMutation, RevokeClientMutationVariables>;
export const RevokeGrant = "mutation RevokeGrant($input: RevokeGrantInput!) {\n  revokeGrant(input: $input) {\n    __typename\n    id\n    owner {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    grantee {\n      __typename\n      ... on Organisation {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      ... on Circle {\n        __typename\n        id\n        name\n      }\n    }\n    scopes\n    countries\n    validFrom\n    validUntil\n    revokedAt\n  }\n}" as Operation<RevokeGrantMutation, RevokeGrantMutationVariables>;
export const RevokeToken = "mutation RevokeToken($input: RevokeTokenInput!) {\n  revokeToken(input: $input) {\n    __typename\n    id\n    handle\n    identityThumbprint\n    status\n    scopes\n  }\n}" as Operation<RevokeTokenMutation, RevokeTokenMutationVariables>;
export const SealConsulateContact = "mutation SealConsulateContact($input: SealConsulateContactInput!) {\n  sealConsulateContact(input: $input) {\n    __typename\n    id\n    organisation {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    representing\n    country\n    locality\n    documents\n    riskProfiles\n    languages\n    leadTimeDays\n    programme\n    assuredAt\n    reviewBy\n    stale\n    sealed {\n      __typename\n      organisation {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      digest\n      keyRetiredAt\n    }\n  }\n}" as Operation<SealConsulateContactMutation, SealConsulateContactMutationVariables>;
export const SealHandoff = "mutation SealHandoff($input: SealHandoffInput!) {\n  sealHandoff(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<SealHandoffMutation, SealHandoffMutationVariables>;
export const SendInstructions = "mutation SendInstructions($input: SendInstructionsInput!) {\n  sendInstructions(input: $input) {\n    __typename\n    ... on BedHold {\n      __typename\n      id\n      status\n      expiresAt\n      holder {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      host {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      stays {\n        __typename\n        beds\n        checkIn\n        checkOut\n        shelter {\n          __typename\n          id\n          label\n          country\n          locality\n        }\n      }\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<SendInstructionsMutation, SendInstructionsMutationVariables>;
export const SetBeds = "mutation SetBeds($input: SetBedsInput!) {\n  setBeds(input: $input) {\n    __typename\n    id\n    organisation {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    label\n    country\n    locality\n    kind\n    features\n    maxStayNights\n    assuredAt\n  }\n}" as Operation<SetBedsMutation, SetBedsMutationVariables>;
export const SetCircleMembers = "mutation SetCircleMembers($input: SetCircleMembersInput!) {\n  setCircleMembers(input: $input) {\n    __typename\n    id\n    name\n    steward {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    members {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n  }\n}" as Operation<SetCircleMembersMutation, SetCircleMembersMutationVariables>;
export const SetClientDpop = "mutation SetClientDpop($input: SetClientDpopInput!) {\n  setClientDpop(input: $input) {\n    __typename\n    id\n    clientId\n    kind\n    scopes\n    requireDpop\n    revokedAt\n  }\n}" as Operation<SetClientDpopMutation, SetClientDpopMutationVariables>;
export const SetClientScopes = "mutation SetClientScopes($input: SetClientScopesInput!) {\n  setClientScopes(input: $input) {\n    __typename\n    id\n    clientId\n    kind\n    scopes\n    revokedAt\n  }\n}" as Operation<SetClientScopesMutation, SetClientScopesMutationVariables>;
export const SetNetworkStatus = "mutation SetNetworkStatus($input: SetNetworkStatusInput!) {\n  setNetworkStatus(input: $input)\n}" as Operation<SetNetworkStatusMutation, SetNetworkStatusMutationVariables>;
export const SetOrganisationScopes = "mutation SetOrganisationScopes($input: SetOrganisationScopesInput!) {\n  setOrganisationScopes(input: $input) {\n    __typename\n    id\n    handle\n    identityThumbprint\n    status\n    scopes\n    clients {\n      __typename\n      id\n      clientId\n      kind\n      scopes\n      revokedAt\n    }\n  }\n}" as Operation<SetOrganisationScopesMutation, SetOrganisationScopesMutationVariables>;
export const SetOrganisationStatus = "mutation SetOrganisationStatus($input: SetOrganisationStatusInput!) {\n  setOrganisationStatus(input: $input) {\n    __typename\n    id\n    handle\n    identityThumbprint\n    status\n    scopes\n    clients {\n      __typename\n      id\n      clientId\n      kind\n      scopes\n      revokedAt\n    }\n  }\n}" as Operation<SetOrganisationStatusMutation, SetOrganisationStatusMutationVariables>;
export const SharingGrants = "query SharingGrants($direction: GrantDirection!, $first: Int! = 20, $after: String) {\n  sharingGrants(direction: $direction, first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        id\n        owner {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        grantee {\n          __typename\n          ... on Organisation {\n            __typename\n            id\n            handle\n            identityThumbprint\n          }\n          ... on Circle {\n            __typename\n            id\n            name\n          }\n        }\n        scopes\n        countries\n        validFrom\n        validUntil\n        revokedAt\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<SharingGrantsQuery, SharingGrantsQueryVariables>;
export const ShelterNights = "query ShelterNights($id: ID!, $from: Date!, $until: Date!) {\n  node(id: $id) {\n    __typename\n    ... on Shelter {\n      __typename\n      id\n      label\n      nights(from: $from, until: $until) {\n        __typename\n        date\n        maximum\n        available\n        held\n        occupied\n        outOfService\n      }\n    }\n  }\n}" as Operation<ShelterNightsQuery, ShelterNightsQueryVariables>;
export const Shelters = "query Shelters($first: Int! = 20, $after: String) {\n  shelters(first: $first, after: $after) {\n    __typename\n    edges {\n      __typename\n      node {\n        __typename\n        id\n        organisation {\n          __typename\n          id\n          handle\n          identityThumbprint\n        }\n        label\n        country\n        locality\n        kind\n        features\n        maxStayNights\n        assuredAt\n      }\n    }\n    pageInfo {\n      __typename\n      hasNextPage\n      endCursor\n    }\n  }\n}" as Operation<SheltersQuery, SheltersQueryVariables>;
export const Viewer = "query Viewer {\n  viewer {\n    __typename\n    organisation {\n      __typename\n      id\n      handle\n      identityThumbprint\n      status\n    }\n    client {\n      __typename\n      id\n      clientId\n      kind\n      scopes\n      revokedAt\n    }\n    scopes\n  }\n}" as Operation<ViewerQuery, ViewerQueryVariables>;
export const WithdrawAdvisory = "mutation WithdrawAdvisory($input: AdvisoryStepInput!) {\n  withdrawAdvisory(input: $input) {\n    __typename\n    id\n    country\n    riskProfiles\n    level\n    hazards\n    issuer {\n      __typename\n      id\n      handle\n      identityThumbprint\n    }\n    confirmations\n    inForce\n    effectiveFrom\n    expiresAt\n    withdrawnAt\n  }\n}" as Operation<WithdrawAdvisoryMutation, WithdrawAdvisoryMutationVariables>;
export const WithdrawConsent = "mutation WithdrawConsent($input: HandoffStepInput!) {\n  withdrawConsent(input: $input) {\n    __typename\n    ... on Handoff {\n      __typename\n      id\n      status\n      recipient {\n        __typename\n        id\n        handle\n        identityThumbprint\n      }\n      acknowledgedAt\n      decideBy\n      reason\n      caseReference {\n        __typename\n        id\n      }\n    }\n    ... on IllegalTransition {\n      __typename\n      message\n      from\n      allowed\n    }\n    ... on EnvelopeReplaced {\n      __typename\n      message\n    }\n  }\n}" as Operation<WithdrawConsentMutation, WithdrawConsentMutationVariables>;
