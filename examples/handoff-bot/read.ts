import { readFileSync } from "node:fs";
import { compactDecrypt, importJWK } from "jose";

/** `node read.ts archive.json <file.jwe>`: where the private half of the archive's key is, and nowhere else. */
const [, , keyFile = "", file = ""] = process.argv;
const key = await importJWK(JSON.parse(readFileSync(keyFile, "utf8")), "ECDH-ES+A256KW");
const { plaintext } = await compactDecrypt(readFileSync(file, "utf8"), key);
process.stdout.write(plaintext);
