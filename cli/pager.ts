/**
 * Long output on a terminal goes through the reader's pager, as git's does; into a pipe or a file it
 * goes as it is.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { writeOutSlowly } from "./write-out.ts";

/** Ends by itself if all fits on one screen, and leaves on the screen what was shown. */
const DEFAULT_PAGER = "less";
const LESS_OPTIONS = "FRX";

type Pager = ChildProcessByStdio<Writable, null, null>;

interface Surroundings {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: Writable;
}

export async function pageOut(
  pieces: AsyncIterable<string>,
  { isTerminal, env, output }: Surroundings = {
    isTerminal: process.stdout.isTTY === true,
    env: process.env,
    output: process.stdout,
  },
): Promise<void> {
  const { PAGER: chosen } = env;
  const pager = isTerminal && chosen !== "" && chosen !== "cat" ? await started(env) : undefined;
  if (pager === undefined) {
    await writeOutSlowly(output, pieces);
    return;
  }
  // Whoever leaves the pager has read enough.
  pager.stdin.on("error", () => {});
  const closed = once(pager, "close");
  await writeOutSlowly(pager.stdin, pieces);
  pager.stdin.end();
  await closed;
}

/** Undefined if there is none on this machine. What the reader has chosen is a shell's command. */
async function started(env: Surroundings["env"]): Promise<Pager | undefined> {
  const { PAGER: chosen } = env;
  const child = spawn(chosen ?? DEFAULT_PAGER, {
    shell: chosen !== undefined,
    stdio: ["pipe", "inherit", "inherit"],
    env: { LESS: LESS_OPTIONS, ...env },
  });
  try {
    await once(child, "spawn");
    return child;
  } catch {
    return undefined;
  }
}
