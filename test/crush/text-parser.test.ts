import { describe, expect, test } from "vitest";
import { ITEM_COUNT_MAX } from "../../crush/make-bucket.ts";
import { parseText } from "../../crush/text-parser.ts";
import { OPCODE } from "../../crush/types.ts";
import { failureOf, SAMPLE } from "./map-texts.ts";

const HEAD = "device 0 osd.0\ntype 0 osd\ntype 1 host\n";
const RULE = "type replicated min_size 1 max_size 10";

describe("a map text", () => {
  test("may be empty", () => {
    expect(parseText(" # nothing\n")).toEqual({
      tunables: [],
      devices: [],
      types: [],
      buckets: [],
      rules: [],
      chooseArgs: [],
    });
  });

  test("has its parts in order", () => {
    const tree = parseText(SAMPLE);
    expect(tree.devices.map(({ name }) => name.text)).toEqual(["osd.0", "osd.1", "osd.2", "osd.3"]);
    expect(tree.buckets.map(({ name }) => name.text)).toEqual(["a", "b", "default"]);
    expect(tree.rules.map(({ id }) => id.value)).toEqual([0, 1]);
  });

  test("needs no blanks where a token cannot go on", () => {
    const tree = parseText("type 1 host host a{id-1 alg straw2 item osd.0 weight 1.0pos 0}");
    expect(tree.buckets[0]).toMatchObject({
      ids: [{ id: { value: -1 } }],
      items: [{ name: { text: "osd.0" }, weight: { text: "1.0" }, position: { value: 0 } }],
    });
  });

  test("may name types, devices and rules like keywords", () => {
    const tree = parseText(`device 0 item type 1 rule type 2 device type 3 choose_args
      rule a { alg straw2 item item weight 1 }
      rule b { id -4 alg straw2 }
      device c { id -5 alg straw2 }
      choose_args d { alg straw2 }
      rule { id 0 ${RULE} step emit }
      rule rule { ruleset 1 ${RULE} step take rule step emit }
      choose_args 0 { }`);
    expect(tree.buckets.map(({ type }) => type.text)).toEqual([
      "rule",
      "rule",
      "device",
      "choose_args",
    ]);
    expect(tree.rules.map(({ name }) => name?.text)).toEqual([undefined, "rule"]);
    expect(tree.chooseArgs).toHaveLength(1);
  });

  test("has these steps", () => {
    const steps = [
      "set_choose_tries 1",
      "set_choose_local_tries 2",
      "set_choose_local_fallback_tries 3",
      "set_chooseleaf_tries 4",
      "set_chooseleaf_vary_r 5",
      "set_chooseleaf_stable 6",
      "take x class y",
      "choose firstn -1 type host",
      "choose indep 2 type host",
      "chooseleaf firstn 0 type host",
      "chooseleaf indep 0 type host",
      "emit",
    ];
    const text = `rule r { id 0 ${RULE} ${steps.map((step) => `step ${step}`).join(" ")} }`;
    const [rule] = parseText(text).rules;
    expect(rule?.steps).toMatchObject([
      { op: OPCODE.setChooseTries, argument: 1 },
      { op: OPCODE.setChooseLocalTries, argument: 2 },
      { op: OPCODE.setChooseLocalFallbackTries, argument: 3 },
      { op: OPCODE.setChooseleafTries, argument: 4 },
      { op: OPCODE.setChooseleafVaryR, argument: 5 },
      { op: OPCODE.setChooseleafStable, argument: 6 },
      { kind: "take", item: { text: "x" }, deviceClass: { text: "y" } },
      { op: OPCODE.chooseFirstn, count: -1, type: { text: "host" } },
      { op: OPCODE.chooseIndep, count: 2 },
      { op: OPCODE.chooseleafFirstn, count: 0 },
      { op: OPCODE.chooseleafIndep, count: 0 },
      { op: OPCODE.emit },
    ]);
  });

  test("has choose_args with weights, ids, both or none", () => {
    const [args] = parseText(`choose_args 18446744073709551615 {
      { bucket_id -1 weight_set [ [ 1 2.5 ] [ ] ] ids [ -3 4 ] } { bucket_id -2 }
    }`).chooseArgs;
    expect(args).toMatchObject({
      key: { text: "18446744073709551615" },
      buckets: [
        {
          bucketId: { value: -1 },
          weightSets: [[{ text: "1" }, { text: "2.5" }], []],
          ids: [-3, 4],
        },
        { bucketId: { value: -2 }, weightSets: [], ids: undefined },
      ],
    });
  });
});

describe("what is not a map text", () => {
  test.each([
    [
      "devices 0 x",
      'line 1, column 1: expected "tunable", "device", "type", a bucket ("<type> <name> {") or "rule", found "devices"',
    ],
    ["device -1 x", "line 1, column 8: the id of a device is from 0 to 1048575, not -1"],
    ["device 0", "line 1, column 9: expected the name of a device, found the end of the text"],
    ["type 65536 x", "line 1, column 6: the number of a type is from 0 to 65535, not 65536"],
    [
      "tunable x 4294967296",
      "line 1, column 11: tunable x is from 0 to 4294967295, not 4294967296",
    ],
    ["host a { id 5 alg straw2 }", "line 1, column 13: a bucket's id is from -262144 to -1, not 5"],
    ["host a { item b }", 'line 1, column 10: expected "id" or "alg", found "item"'],
    ["host a { alg straw2 item b weight x }", 'line 1, column 35: expected a weight, found "x"'],
    [
      "host a { alg straw2 hash jenkins }",
      'line 1, column 26: expected the number of a hash (0, or "rjenkins1"), found "jenkins"',
    ],
    [
      "host a { alg straw2\n item b weight 1.0x }",
      'line 2, column 19: expected "item" or "}", found "x"',
    ],
    ["rule r { id 256", "line 1, column 13: the id of a rule is from 0 to 255, not 256"],
    [
      "rule r { id 0 type raid",
      'line 1, column 20: expected "replicated" or "erasure", found "raid"',
    ],
    [
      "rule r { id 0 type erasure max_size",
      'line 1, column 28: expected "min_size", found "max_size"',
    ],
    [`rule r { id 0 ${RULE} }`, 'line 1, column 54: expected "step", found "}"'],
    [
      `rule r { id 0 ${RULE} step give x`,
      /expected "take" or "choose" or "chooseleaf" or .*, found "give"/,
    ],
    [
      `rule r { id 0 ${RULE} step emit } host a { alg straw2 }`,
      "line 1, column 66: a bucket stands after a rule; move it above the first rule",
    ],
    ["choose_args -1 { }", 'line 1, column 13: expected the id of a pool, found "-1"'],
    [
      "choose_args 1 { { bucket_id -1 ids [ x ] } }",
      'line 1, column 38: expected an id or "]", found "x"',
    ],
    [
      "choose_args 1 { { bucket_id -1 weight_set [ 1 ] } }",
      'line 1, column 45: expected "[" or "]", found "1"',
    ],
    ["choose_args 1 { } x", 'line 1, column 19: expected "choose_args" or the end, found "x"'],
  ])("%s", (text, message) => {
    expect(failureOf(() => parseText(text)).message).toMatch(message);
  });

  test.each([
    ["items", `${HEAD}host a { alg straw2 ${"item osd.0 ".repeat(ITEM_COUNT_MAX + 1)}}`],
    ["steps", `rule r { id 0 ${RULE} ${"step emit ".repeat(2000)}}`],
  ])("has too many %s", (_, text) => {
    expect(failureOf(() => parseText(text)).code).toBe("LIMIT");
  });
});
