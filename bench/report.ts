import { median, type Slice } from "./measure.ts";
import type { Streamed } from "./streams.ts";

export interface Measured {
  readonly operation: string;
  readonly connections: number;
  readonly subject: string;
  readonly slices: readonly Slice[];
}
interface Result {
  readonly at: string;
  readonly load: readonly number[];
  readonly tokens: { readonly first: number; readonly again: number; readonly kept: number | null };
  readonly streamed: readonly Streamed[];
  readonly measured: readonly Measured[];
}

const cpu = ({ serverCpu, databaseCpu }: Slice) => serverCpu + databaseCpu;
const short = (value: number) => value.toFixed(value < 10 ? 2 : 0);

/** Tables in Markdown: of each round the ratio to L in the same round, then their median and range. */
export function reportOf({ at, load, tokens, streamed, measured }: Result): string {
  const lines = [
    `Measured ${at}, load average at the end ${load.map((one) => one.toFixed(1)).join(" ")}.`,
    `A token costs ${short(tokens.first)} µs when it is first seen and ${short(tokens.again)} µs when seen again.`,
  ];
  if (tokens.kept !== null)
    lines.push(
      `Of Wayhouse's requests ${(100 * tokens.kept).toFixed(2)} % brought a token that was kept.`,
    );
  if (streamed.length > 0) {
    lines.push("", "### streams of one organisation at one process", "");
    lines.push(
      "| streams | KiB each | an event, ms: first, median, last | process, µs a delivery | database, µs an event | database, µs a second at rest |",
      "|---|---|---|---|---|---|",
    );
    for (const one of streamed) {
      const delays = [one.first, one.median, one.last].map((delay) => delay.toFixed(0)).join(", ");
      const costs = [one.delivery, one.event, one.idle].map((value) => value.toFixed(0));
      lines.push(`| ${[one.streams, one.memory.toFixed(1), delays, ...costs].join(" | ")} |`);
    }
  }
  const titleOf = (one: Measured) => `${one.operation}, ${one.connections} connections`;
  for (const title of new Set(measured.map(titleOf))) {
    const group = measured.filter((one) => titleOf(one) === title);
    const limit = group.find(({ subject }) => subject === "L");
    lines.push("", `### ${title}`, "");
    lines.push(
      "| | rps | rps / L | CPU µs (server + database) | CPU / L | p50 ms | p99 ms | p99 / L | MiB |",
      "|---|---|---|---|---|---|---|---|---|",
    );
    for (const { subject, slices } of group) {
      const of = (value: (slice: Slice) => number) => median(slices.map(value));
      const ratio = (value: (slice: Slice) => number) => {
        if (!limit || limit.slices.length !== slices.length) return "";
        const ratios = slices.map((slice, round) => value(slice) / value(limit.slices[round]!));
        const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
        return `${median(ratios).toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
      };
      lines.push(
        `| ${[
          subject,
          of(({ rps }) => rps).toFixed(0),
          ratio(({ rps }) => rps),
          `${of(cpu).toFixed(0)} (${of(({ serverCpu }) => serverCpu).toFixed(0)} + ${of(({ databaseCpu }) => databaseCpu).toFixed(0)})`,
          ratio(cpu),
          short(of(({ p50 }) => p50)),
          short(of(({ p99 }) => p99)),
          ratio(({ p99 }) => p99),
          of(({ memory }) => memory).toFixed(0),
        ].join(" | ")} |`,
      );
    }
  }
  return lines.join("\n");
}
