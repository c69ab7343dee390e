import { expect, test } from "vitest";
import { failure, type Result, success } from "../../../cluster/base/result.ts";

function halve(value: number): Result<number, "ODD"> {
  return value % 2 === 0 ? success(value / 2) : failure("ODD");
}

test("a success holds the value and a failure the code", () => {
  expect(halve(6)).toEqual({ ok: true, value: 3 });
  expect(halve(7)).toEqual({ ok: false, code: "ODD" });
});
