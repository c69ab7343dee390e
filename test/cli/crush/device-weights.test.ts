import { expect, test } from "vitest";
import { deviceWeights } from "../../../cli/crush/device-weights.ts";
import { compileText } from "../../../crush/text.ts";

const MAP = compileText("device 0 a device 2 b device 3 c type 1 h h x { alg list item a item c }");

test.each<[given: [number, number][], weights: number[]]>([
  [[], [0x10000, 0, 0, 0x10000]],
  [
    [
      [0, 0.5],
      [2, 1],
    ],
    [0x8000, 0, 0x10000, 0x10000],
  ],
  [
    [
      [0, 7],
      [3, -1],
    ],
    [0x10000, 0, 0, 0],
  ],
  [
    [
      [0, 0.1],
      [0, 0.3],
    ],
    [0x4ccc, 0, 0, 0x10000],
  ],
  [
    [
      [9, 1],
      [-1, 1],
      [0.5, 1],
    ],
    [0x10000, 0, 0, 0x10000],
  ],
])("with %j given the weights are %j", (given, weights) => {
  expect([...deviceWeights(MAP, given)]).toEqual(weights);
});
