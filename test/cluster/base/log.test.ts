import { expect, test } from "vitest";
import { SILENT_LOG } from "../../../cluster/base/log.ts";

test("the silent log takes every call, and so does its child", () => {
  for (const log of [SILENT_LOG, SILENT_LOG.child({ osd: 3 })]) {
    for (const level of ["error", "warn", "info", "debug"] as const) {
      expect(log[level]("disk is slow", { lateMs: 900 })).toBeUndefined();
    }
  }
});
