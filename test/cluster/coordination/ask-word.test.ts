import { expect, test } from "vitest";
import { askWord as ask } from "../../../cluster/coordination/ask-word.ts";
import { realClock } from "../../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../../cluster/runtime/tcp.ts";
import { WordServer } from "../../cli/quorum/word-server.ts";

const LONG_MS = 20_000;

const askWord = (address: string, word: string, timeoutMs: number) =>
  ask(address, word, { network: tcpNetwork, clock: realClock, timeoutMs });

test("the answer is all that comes until the connection ends", async () => {
  const server = await WordServer.start("you said %s");
  expect(await askWord(server.address, "srvr", LONG_MS)).toEqual({ text: "you said srvr" });
  await server.stop();
});

test("nobody there is told at once", async () => {
  const server = await WordServer.start("");
  const { address } = server;
  await server.stop();
  expect(await askWord(address, "srvr", LONG_MS)).toEqual({ problem: "nothing listens there" });
});

test("who says nothing is waited for until the deadline", async () => {
  const server = await WordServer.start(undefined);
  expect(await askWord(server.address, "srvr", 100)).toEqual({
    problem: "no answer within 100 ms",
  });
  await server.stop();
});

test("who says too much is not listened to any longer", async () => {
  const server = await WordServer.start("x".repeat(1 << 20));
  const answer = await askWord(server.address, "srvr", LONG_MS);
  expect("text" in answer && answer.text.length).toBeLessThan(1 << 18);
  await server.stop();
});

test("an address that is none is the caller's mistake", async () => {
  await expect(askWord("no address", "srvr", LONG_MS)).resolves.toMatchObject({
    problem: expect.stringContaining("no address"),
  });
});
