import type { Command } from "commander";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";

const NOT_YET = `\`kelp up\` is not built yet in this version: there are no daemons to start.

What works already is the ground that they will stand on: the wire format, the
key-value store, the event loop, the transport, and the simulator:
  npm test        runs their tests
  npm run sim     runs simulations, each from a seed
  npm run bench   measures them`;

export function registerUp(program: Command): void {
  program
    .command("up")
    .summary("start a whole cluster on this machine (not built yet)")
    .description(
      "Starts a whole cluster on this machine: monitors, OSDs and a gateway, as real processes. " +
        "Not built yet: says what works already and exits with 69.",
    )
    .action(() => {
      throw new CommandError(EXIT_CODE.unavailable, NOT_YET);
    });
}
