/** The settings as the core takes them, times in milliseconds; monitor/controller-config.ts declares them for people. */
import type { CommandSettings } from "./command/command-context.ts";
import type { MembershipOptions } from "./membership-options.ts";

export interface ControllerSettings extends MembershipOptions, CommandSettings {
  readonly balancer: "on" | "off";
  readonly balancerInterval: number;
  readonly maxMisplacedRatio: number;
  readonly epochsKept: number;
}
