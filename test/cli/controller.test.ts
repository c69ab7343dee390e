import { afterEach, describe, expect, test } from "vitest";
import { withController } from "../../cli/controller.ts";
import { placeOf } from "../../cli/coordinator.ts";
import { EXIT_CODE } from "../../cli/exit-code.ts";
import { epoch } from "../../cluster/base/ids.ts";
import { readHistory } from "../../cluster/coordination/map-reader.ts";
import { KelpCluster } from "./kelp-cluster.ts";

let cluster: KelpCluster;
afterEach(() => cluster.stop());

describe("a command that asks the controller", () => {
  test("is carried out, told with its epoch, and kept under who gave it", async () => {
    cluster = await KelpCluster.start();
    expect(await cluster.out("flag", "set", "noout")).toBe("epoch 2: set noout\n");
    expect(await cluster.json("flag", "set", "noout")).toEqual({
      epoch: 2,
      text: "noout is set already",
    });
    const range = { from: epoch(2), to: epoch(2) };
    for await (const { causes, requests } of readHistory(cluster.client, range)) {
      expect(causes).toEqual([{ author: expect.stringMatching(/^.+@.+$/), what: "set noout" }]);
      expect(requests).toEqual([expect.stringMatching(/^cli-[0-9a-f]{24}$/)]);
    }
  });

  test("ends with 3 and the reason where the cluster refuses, and says what was meant", async () => {
    cluster = await KelpCluster.start();
    const refused = await cluster.run("osd", "out", "7");
    expect(refused).toMatchObject({ out: "", exitCode: EXIT_CODE.refused });
    expect(refused.err).toMatch(/^kelp: there is no osd\.7/);
    await cluster.out("crush", "add-bucket", "row1", "row");
    const meant = await cluster.run("crush", "rename", "row11", "row2");
    expect(meant.err).toContain("\n  Did you mean row1?\n");
  });

  test("ends with 75 and what to look at where nobody answers", async () => {
    cluster = await KelpCluster.start({ withController: false });
    const order = await cluster.run("osd", "out", "7", "--timeout", "300ms");
    expect(order).toMatchObject({ out: "", exitCode: EXIT_CODE.noAnswer });
    expect(order.err).toContain("no controller stands for election");
    expect(order.err).toContain("look at kelp epochs before you repeat it");
    const question = await cluster.run("osd", "df", "--timeout", "300ms");
    expect(question.exitCode).toBe(EXIT_CODE.noAnswer);
    expect(question.err).not.toContain("repeat");
  });

  test("says so when the answer is none to its question", async () => {
    cluster = await KelpCluster.start();
    const place = placeOf({ coordinator: cluster.kelp.address, keyFile: cluster.keyFile });
    const asked = withController(place, (asking) => asking.ask({ type: "askHealth" }, "status"));
    await expect(asked).rejects.toThrow(/answers askHealth with health: it is of another version/);
  });
});
