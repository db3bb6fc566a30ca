export { compareAuditExports } from "./comparison.ts";
export { type Checkpoint, CHECKPOINT_TYPE, signedAt } from "./checkpoint.ts";
export { printAuditExport, readAuditExport, readCheckpoint } from "./export.ts";
export {
  type AuditExport,
  type AuditFault,
  type AuditRecord,
  type ExportedEntry,
  type Finding,
  type Known,
  readRecord,
  verifyAuditExport,
} from "./verify.ts";
