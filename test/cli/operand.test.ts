import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import {
  countOperand,
  numberOperand,
  osdOperand,
  osdOperands,
  pgOperand,
  positiveOperand,
  sizeOperand,
  switchOperand,
} from "../../cli/operand.ts";

describe("what people type", () => {
  test.each<[(text: string) => unknown, string, unknown]>([
    [osdOperand, "3", 3],
    [osdOperand, "osd.12", 12],
    [pgOperand, "1.2f", { pool: 1, seed: 47 }],
    [pgOperand, "1.2F", { pool: 1, seed: 47 }],
    [numberOperand, "0.5", 0.5],
    [numberOperand, "1e2", 100],
    [countOperand, "0", 0],
    [positiveOperand, "7", 7],
    [sizeOperand, "10GiB", 10 * 2 ** 30],
    [sizeOperand, "4096", 4096],
    [switchOperand, "yes", true],
    [switchOperand, "OFF", false],
  ])("%o takes %s", (parse, text, value) => expect(parse(text)).toEqual(value));

  test.each<[(text: string) => unknown, string]>([
    [osdOperand, "osd.x"],
    [osdOperand, "-1"],
    [osdOperand, "99999999999"],
    [osdOperand, "4294967295"],
    [pgOperand, "1"],
    [pgOperand, "1.-1"],
    [numberOperand, "-1"],
    [numberOperand, "NaN"],
    [numberOperand, "1e999"],
    [countOperand, "1.5"],
    [countOperand, "4294967296"],
    [positiveOperand, "0"],
    [sizeOperand, "10GB"],
    [switchOperand, "maybe"],
  ])("%o refuses %s", (parse, text) => expect(() => parse(text)).toThrow(InvalidArgumentError));

  test("several OSDs come one after the other, or with commas", () => {
    expect(osdOperands("osd.2,3", osdOperands("1"))).toEqual([1, 2, 3]);
    const many = Array.from({ length: 1025 }, (_, id) => id).join(",");
    expect(() => osdOperands(many)).toThrow(/1024/);
  });
});
