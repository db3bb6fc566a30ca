/** Columns as wide as their widest cell; nothing but a header is nothing. */
export function tableOf(rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 1) return [];
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd(),
  );
}
