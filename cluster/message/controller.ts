/** Everything that is said to a controller and by it. */
import { bool, optional, record, str, type TypeOf, u53 } from "../wire/codec.ts";
import { createRegistry, type MessageOf } from "../wire/registry.ts";
import { versioned } from "../wire/versioned.ts";
import { COMMAND_MESSAGES } from "./command.ts";
import { CONTROLLER_ANSWERS, OSD_REPORTS } from "./osd-report.ts";
import { PROBE_MESSAGES } from "./probe.ts";
import { QUERIES, QUERY_ANSWERS } from "./query.ts";

/** Mutes are no part of the map: they change what people are shown, and nothing else. Answered with `health`. */
export const MUTE_MESSAGES = {
  mute: {
    id: 0x0380,
    /** Without a duration for good. A sticky one stays when the check gets worse. */
    body: versioned(1, record({ code: str, durationMs: optional(u53), isSticky: bool })),
  },
  unmute: { id: 0x0381, body: versioned(1, record({ code: str })) },
} as const;

export const controllerRegistry = createRegistry({
  ...OSD_REPORTS,
  ...CONTROLLER_ANSWERS,
  ...PROBE_MESSAGES,
  ...COMMAND_MESSAGES,
  ...QUERIES,
  ...QUERY_ANSWERS,
  ...MUTE_MESSAGES,
});
export type ControllerMessage = MessageOf<typeof controllerRegistry>;

/** What its node in the election holds: who it is, and where it is asked. */
export const controllerAddress = versioned(1, record({ name: str, address: str }));
export type ControllerAddress = TypeOf<typeof controllerAddress>;
