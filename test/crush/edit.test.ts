import { describe, expect, test } from "vitest";
import { editMap } from "../../crush/edit.ts";
import { compileText } from "../../crush/text.ts";
import { bucketOf, OPCODE } from "../../crush/types.ts";
import { failureOf, SAMPLE } from "./map-texts.ts";

const MAP = compileText(SAMPLE);
const WITH_ARGS = compileText(`${SAMPLE}choose_args 1 {
  { bucket_id -2 weight_set [ [ 5 6 ] [ 7 8 ] ] ids [ 50 60 ] }
  { bucket_id -1 weight_set [ [ 9 10 ] ] }
}`);

describe("an edit", () => {
  test("that changes nothing gives an equal map", () => {
    expect(editMap(WITH_ARGS, () => {})).toEqual(WITH_ARGS);
  });

  test("shares the buckets that it does not touch", () => {
    const edited = editMap(MAP, (edit) => edit.addTo(edit.bucket("a"), 9, 0));
    expect(bucketOf(edited, -3)).toBe(bucketOf(MAP, -3));
  });

  test("takes weights up to the root, in shadow trees too", () => {
    const edited = editMap(MAP, (edit) => edit.removeFrom(edit.bucket("a"), 1));
    expect(bucketOf(edited, -1)).toMatchObject({
      itemWeights: [0x10000, 0x28000],
      weight: 0x38000,
    });
    const shadow = MAP.classBuckets.get(-1)?.get(1) ?? 0;
    expect(bucketOf(edited, shadow)).toMatchObject({ itemWeights: [0, 0x18000] });
  });

  test("takes weights up through a bucket that stands in two others", () => {
    const map = compileText(`device 0 osd.0 type 1 host type 2 rack type 3 root
      host h { id -1 alg straw2 item osd.0 }
      rack r { id -2 alg straw2 item h } rack s { id -3 alg list item h }
      root t { id -4 alg tree item r item s }`);
    const edited = editMap(map, (edit) =>
      edit.setContent(edit.bucket("h"), { items: [0], weights: [3] }),
    );
    expect(bucketOf(edited, -4)).toMatchObject({ nodeWeights: [0, 3, 6, 3], weight: 6 });
  });

  test("leaves weights alone that were given otherwise and are not touched", () => {
    const map = compileText(`${SAMPLE.replace("\titem b\n", "\titem b weight 77\n")}`);
    const edited = editMap(map, (edit) => edit.removeFrom(edit.bucket("a"), 1));
    expect(bucketOf(edited, -1)).toMatchObject({ itemWeights: [0x10000, 77 * 0x10000] });
  });

  test("finds items by name", () => {
    editMap(MAP, (edit) => {
      expect(edit.itemId("osd.2")).toBe(2);
      expect(edit.typeId("root")).toBe(2);
      expect(edit.parentsOf(2).map(({ id }) => id)).toEqual([-3]);
      expect([...edit.devicesBelow(-1)].sort()).toEqual([0, 1, 2, 3]);
      expect([...edit.devicesBelow(2)]).toEqual([2]);
      expect(edit.isWithin(2, -1)).toBe(true);
      expect(edit.isWithin(2, -2)).toBe(false);
      expect(edit.isWithin(-2, -2)).toBe(true);
      expect(failureOf(() => edit.itemId("default~ssd")).code).toBe("UNKNOWN");
      expect(failureOf(() => edit.bucket("osd.0")).code).toBe("MISPLACED");
      expect(failureOf(() => edit.typeId("rack")).code).toBe("UNKNOWN");
    });
  });
});

describe("choose_args", () => {
  test("lose the entries of an item that goes", () => {
    const edited = editMap(WITH_ARGS, (edit) => edit.removeFrom(edit.bucket("a"), 0));
    expect(edited.chooseArgs.get(1)?.get(-2)).toEqual({
      weightSets: [[6 * 0x10000], [8 * 0x10000]],
      ids: [60],
    });
  });

  test("get the weight and id of an item that comes", () => {
    const edited = editMap(WITH_ARGS, (edit) => edit.addTo(edit.bucket("a"), 9, 77));
    expect(edited.chooseArgs.get(1)?.get(-2)).toEqual({
      weightSets: [
        [5 * 0x10000, 6 * 0x10000, 77],
        [7 * 0x10000, 8 * 0x10000, 77],
      ],
      ids: [50, 60, 9],
    });
  });

  test("get the new weight of an item whose weight changes", () => {
    const edited = editMap(WITH_ARGS, (edit) =>
      edit.setContent(edit.bucket("a"), { items: [0, 1], weights: [0x10000, 3] }),
    );
    expect(edited.chooseArgs.get(1)?.get(-2)?.weightSets).toEqual([
      [5 * 0x10000, 3],
      [7 * 0x10000, 3],
    ]);
    expect(edited.chooseArgs.get(1)?.get(-1)?.weightSets).toEqual([[0x10003, 10 * 0x10000]]);
  });
});

describe("an edit is refused", () => {
  test("if it makes a loop", () => {
    const failure = failureOf(() => editMap(MAP, (edit) => edit.addTo(edit.bucket("a"), -1, 1)));
    expect(failure.code).toBe("LOOP");
  });

  test("if a rule would lose what it takes", () => {
    const failure = failureOf(() =>
      editMap(MAP, ({ draft }) => {
        draft.itemNames.delete(-1);
        draft.buckets[0] = undefined;
      }),
    );
    expect(failure).toMatchObject({
      code: "IN_USE",
      message: 'rule "all" takes "default", which would go away; change the rule first',
    });
  });

  test("if the shadow that a rule takes cannot be made any more", () => {
    const failure = failureOf(() =>
      editMap(MAP, (edit) => {
        const bucket = edit.bucket("b");
        edit.draft.buckets[2] = { ...bucket, alg: "uniform", itemWeight: 5 };
      }),
    );
    expect(failure.message).toMatch(/takes "default~ssd", which would go away/);
  });

  test("and leaves the map as it was", () => {
    const copy = structuredClone(MAP);
    failureOf(() => editMap(MAP, (edit) => edit.addTo(edit.bucket("a"), -1, 1)));
    expect(MAP).toEqual(copy);
  });
});

describe("device classes", () => {
  test("go away with their last device", () => {
    const text = SAMPLE.split("rule fast")[0] ?? "";
    const edited = editMap(compileText(text), ({ draft }) => {
      draft.itemClasses.delete(1);
      draft.itemClasses.delete(3);
    });
    expect([...edited.classNames.values()]).toEqual(["hdd"]);
    expect(edited.classBuckets.get(-1)?.size).toBe(1);
  });

  test("stay while a rule takes them, and the rule finds an empty tree", () => {
    const edited = editMap(MAP, ({ draft }) => {
      draft.itemClasses.delete(1);
      draft.itemClasses.delete(3);
    });
    const taken = edited.rules[1]?.steps.find(({ op }) => op === OPCODE.take)?.arg1 ?? 0;
    expect(bucketOf(edited, taken)).toMatchObject({ weight: 0 });
  });
});
