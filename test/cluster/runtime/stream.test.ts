import { describe, expect, test } from "vitest";
import { ClusterError } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { isRefusal, REFUSAL } from "../../../cluster/runtime/stream.ts";
import { tcpNetwork } from "../../../cluster/runtime/tcp.ts";
import { MessengerWorld } from "./messenger-world.ts";

const unreachable = (cause?: unknown) =>
  new ClusterError("UNREACHABLE", "x", cause === undefined ? undefined : { cause });

describe("a refusal", () => {
  test.each([
    ["of the machine itself", unreachable(REFUSAL), true],
    [
      "as node:net says it",
      unreachable(Object.assign(new Error("x"), { code: "ECONNREFUSED" })),
      true,
    ],
    ["no answer in time", unreachable(Object.assign(new Error("x"), { code: "ETIMEDOUT" })), false],
    ["without a cause", unreachable(), false],
    ["with a text for a cause", unreachable("ECONNREFUSED"), false],
    ["the cause alone", REFUSAL, false],
    ["nothing at all", undefined, false],
  ])("is told from everything else: %s", (_, error, is) => {
    expect(isRefusal(error)).toBe(is);
  });

  test("is what TCP says where nobody listens", async () => {
    const listener = await tcpNetwork.listen("127.0.0.1:0", (stream) => stream.destroy());
    await listener.close();
    const error = await tcpNetwork
      .connect(listener.address, new AbortController().signal)
      .catch((caught: unknown) => caught);
    expect(isRefusal(error)).toBe(true);
  });

  test("is what a simulated network says, too", async () => {
    const world = new MessengerWorld();
    const host = world.network.host(peerName("client.1"));
    const connecting = host
      .connect("nobody:1", new AbortController().signal)
      .catch((caught: unknown) => caught);
    await world.settle(connecting);
    expect(isRefusal(await connecting)).toBe(true);
  });
});
