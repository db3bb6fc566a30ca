import { COUNTRY_CODES } from "../../kernel/countries.ts";
import { spelled } from "../../kernel/names.ts";

/** Names by which lists of missions call countries, where Unicode's English names differ. */
const ALIASES: Readonly<Record<string, string>> = {
  "united states of america": "US",
  "people's republic of china": "CN",
  "republic of china": "TW",
  "russian federation": "RU",
  "state of palestine": "PS",
  palestine: "PS",
  "republic of the congo": "CG",
  "democratic republic of the congo": "CD",
  "ivory coast": "CI",
  "republic of ireland": "IE",
  "the gambia": "GM",
  "the bahamas": "BS",
  "kingdom of the netherlands": "NL",
  "kingdom of denmark": "DK",
  "holy see": "VA",
  vatican: "VA",
  "czech republic": "CZ",
  "republic of macedonia": "MK",
  "cape verde": "CV",
  swaziland: "SZ",
  burma: "MM",
  myanmar: "MM",
  turkey: "TR",
  "east timor": "TL",
  "são tomé and príncipe": "ST",
};

const plain = (name: string) => spelled(name).trim().toLowerCase().replaceAll("’", "'");
const names = new Intl.DisplayNames("en", { type: "region" });
const CODES = new Map<string, string>([
  ...[...COUNTRY_CODES].map((code): [string, string] => {
    return [plain(names.of(code) ?? code).replaceAll("&", "and"), code];
  }),
  ...Object.entries(ALIASES),
]);

/** ISO 3166-1 alpha-2, or null for a name that no country's is. */
export function codeOfCountry(name: string): string | null {
  return CODES.get(plain(name)) ?? null;
}
