import { expect, test } from "vitest";
import { poolId } from "../../../cluster/base/ids.ts";
import { CrushMapper } from "../../../cluster/map/crush-mapper.ts";
import { compileText } from "../../../crush/text.ts";
import { crushText } from "./world.ts";

const TREE = { racks: 1, hosts: 2, osds: 2 };

test("pools with the same weights share one compiled form, others have their own", () => {
  const own = "choose_args 7 {\n {\n bucket_id -1\n weight_set [\n [ 1.000 3.000 ]\n ]\n }\n}\n";
  const mapper = new CrushMapper(compileText(crushText(TREE) + own));
  expect(mapper.forPool(poolId(1))).toBe(mapper.forPool(poolId(2)));
  expect(mapper.forPool(poolId(7))).toBe(mapper.forPool(poolId(7)));
  expect(mapper.forPool(poolId(7))).not.toBe(mapper.forPool(poolId(1)));
});
