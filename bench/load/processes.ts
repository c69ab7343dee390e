/** What the servers cost, as Linux counts it. NaN for a process that is gone. */
import { readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;
/** Fields after the command's name, which may have blanks in it. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

export function cpuSeconds(pid: number): number {
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) / TICKS_PER_SECOND;
}

export function residentMiB(pid: number): number {
  const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readProc(`/proc/${pid}/status`)) ?? [];
  return Number(kibibytes ?? Number.NaN) / 1024;
}

function readProc(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
