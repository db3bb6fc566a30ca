import type { Issue } from "./errors.ts";

/** What would break a line, turn the direction of what follows, or is no character. */
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;

/** In characters, whatever each is written in. */
const FITTING = /^[^]{1,80}$/u;
/** None is written in more than four others, or in more than two units of a string. */
const LONGEST = 80 * 4 * 2;
/**
 * A name as it is kept and compared: of letters that Unicode spells in several ways, one (NFC). What is too long for
 * one is left as it is: marks upon marks take the square of their number to be put in order.
 */
export const spelled = (name: string) => (name.length > LONGEST ? name : name.normalize("NFC"));

/** Who reads a name must see one. */
const VISIBLE = /[^\p{C}\p{Z}\p{M}]/u;

/** As the schema and a refusal say it. */
export const NAME = "1 to 80 characters in one line, without blanks around them";

/** What is wrong with what people call a circle, a shelter or a city. */
export function faultsOfName(field: string, name: string): Issue[] {
  const fits = FITTING.test(name) && VISIBLE.test(name) && !UNFIT.test(name);
  return fits && name === name.trim() ? [] : [{ path: [field], message: `must be ${NAME}` }];
}
