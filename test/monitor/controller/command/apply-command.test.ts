import { expect, test } from "vitest";
import { poolId } from "../../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import type { PoolSettings } from "../../../../cluster/map/pool-info.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { applyCommand } from "../../../../monitor/controller/command/apply-command.ts";
import { already, contextOf, done, MAP, osds, refusal } from "./desk.ts";

test("a command that changes no row of the map gives the draft itself", () => {
  const commands: Command[] = [
    { type: "osdIn", osds: osds(0) },
    { type: "flagUnset", flags: ["noout"] },
    { type: "ratiosSet", nearfull: 0.85 },
    { type: "poolRename", from: "rbd", to: "rbd" },
    { type: "crushMove", item: "osd.0", parent: "host0" },
    { type: "crushTunables", profile: "optimal" },
  ];
  const optimal = done(MAP, { type: "crushTunables", profile: "optimal" }).map;
  for (const command of commands) already(optimal, command);
});

test("a map that must not be published is refused", () => {
  expect(refusal(MAP, { type: "poolSet", name: "rbd", minSize: 9, confirm: false })).toEqual({
    code: "INVALID",
    message: 'it cannot be so: pool "rbd" has min_size 9; it must be within 1..3, its size',
  });
});

test("what was wrong before the command does not stop it, so that it can be repaired", () => {
  const settings = MAP.poolSettings.get(poolId(1)) as PoolSettings;
  const broken: OsdMap = {
    ...MAP,
    poolSettings: new Map(MAP.poolSettings).set(poolId(1), { ...settings, minSize: 9 }),
  };
  const apply = (command: Command) => applyCommand(broken, command, contextOf());
  expect(apply({ type: "flagSet", flags: ["noout"] })).toMatchObject({ what: "set noout" });
  expect(apply({ type: "poolSet", name: "rbd", size: 65, confirm: false }).type).toBe("refused");
  expect(done(broken, { type: "poolSet", name: "rbd", minSize: 2, confirm: false }).map).toEqual(
    MAP,
  );
});
