import type { ConfigTables } from "../../cluster/coordination/central-config.ts";
import { controllerConfig } from "../../monitor/controller-config.ts";

/** Every kind of daemon that reads the central configuration. */
export const CONFIG_TABLES = { controller: controllerConfig } satisfies ConfigTables;
