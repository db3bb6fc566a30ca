export {
  digestOf,
  type Inspection,
  inspect,
  MOST_CONTENT,
  type Open,
  open,
  type Opened,
  type Seal,
  seal,
  SIZES,
} from "./envelope.ts";
export { publicHalf, thumbprintOf } from "./jws.ts";
export {
  activeKey,
  type ActiveKey,
  checkKeyLog,
  hashKeyLogEntry,
  type KeyLogEntry,
  type KeyPin,
  type KeyStatement,
  NO_HASH,
  pinOf,
  signKeyStatement,
  verifyKeyStatement,
} from "./keys.ts";
export { isSoundKey } from "./sound.ts";
export { SealingError, type SealingReason } from "./refusal.ts";
