import { readFileSync } from "node:fs";
import { compactDecrypt, importJWK } from "jose";

/** `node read.ts archive.json <file.jwe>`: where the private half of the archive's key is, and nowhere else. */
const [, , keyFile = "", file = ""] = process.argv;
const key = await importJWK(JSON.parse(readFileSync(keyFile, "utf8")), "ECDH-ES+A256KW");
const { plaintext } = await compactDecrypt(readFileSync(file, "utf8"), key);
const text = new TextDecoder().decode(plaintext);
// To a file or a pipe, to the byte; a terminal does what some characters say, and a partner wrote these.
process.stdout.write(
  process.stdout.isTTY ? text.replaceAll(/[^\P{C}\t\n]|[\u2028\u2029]/gu, "?") : plaintext,
);
