/** Columns as wide as their widest cell; nothing but a header is nothing. */
export function tableOf(rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 1) return [];
  const widths = rows[0]!.map((_, at) =>
    rows.reduce((widest, row) => Math.max(widest, row[at]!.length), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd(),
  );
}
