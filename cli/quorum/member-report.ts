/** What a member says of itself when it is asked with the four-letter word `srvr`. */

export interface MemberReport {
  readonly mode: string;
  readonly zxid: string;
  readonly connections: number;
  readonly outstanding: number;
  readonly nodes: number;
  readonly latencyMs: { readonly min: number; readonly average: number; readonly max: number };
  readonly version: string;
}

/** A member that was asked: its answer, or why there is none. */
export interface AskedMember {
  /** "mon.1", or the address if nothing says which member it is. */
  readonly name: string;
  readonly address: string;
  readonly report?: MemberReport;
  readonly problem?: string;
}

/** A text is what is wrong with the answer. */
export function readReport(answer: string): MemberReport | string {
  if (answer === "") return "it closes the connection without an answer";
  if (/not currently serving requests/.test(answer)) return "runs, but serves no clients";
  if (/not in the whitelist/.test(answer)) return "4lw.commands.whitelist lacks srvr";
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: *(.*)$`, "m").exec(answer)?.[1]?.trim();
  const latency = /^([\d.]+)\/([\d.]+)\/([\d.]+)$/.exec(field("Latency min/avg/max") ?? "");
  const mode = field("Mode");
  if (mode === undefined || latency === null) return "it is no ZooKeeper server";
  return {
    mode,
    zxid: field("Zxid") ?? "?",
    connections: Number(field("Connections")),
    outstanding: Number(field("Outstanding")),
    nodes: Number(field("Node count")),
    latencyMs: { min: Number(latency[1]), average: Number(latency[2]), max: Number(latency[3]) },
    version: (field("Zookeeper version") ?? "?").split(",")[0] ?? "?",
  };
}
