/** Far more than a message needs. */
const MOST_CHARACTERS = 2_000;

/**
 * Text from elsewhere, as it may stand in a line of a log or a terminal: without what would move the cursor, colour or
 * reverse text, or begin a line that nobody wrote; and no more of it than somebody reads.
 */
export function printable(text: string, most = MOST_CHARACTERS): string {
  const start = text.length > most ? `${text.slice(0, most)}…` : text;
  return start.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "?");
}
