/** Everything that monitors say to each other. */
import { createRegistry, type MessageOf } from "../../cluster/wire/registry.ts";
import { CONSENSUS_MESSAGES } from "./consensus.ts";
import { ROWS_MESSAGES } from "./rows.ts";
import { SESSION_MESSAGES } from "./session.ts";

export const monitorRegistry = createRegistry({
  ...CONSENSUS_MESSAGES,
  ...ROWS_MESSAGES,
  ...SESSION_MESSAGES,
});
export type MonitorMessage = MessageOf<typeof monitorRegistry>;
