import { expect, it } from "vitest";
import { auditUnderLoad } from "../support/audit-load.ts";

it.each([
  [1, 300],
  [20, 300],
])(
  "of %i organisations, %i writes leave whole chains that match, an entry for each effect and no other",
  async (organisations, writes) => {
    const { findings, written, expected, refused } = await auditUnderLoad(organisations, writes);
    expect(findings).toEqual([]);
    expect(written).toEqual(expected);
    expect(refused).toBeGreaterThan(0);
  },
);
