import { afterEach, expect, test } from "vitest";
import { isClusterError } from "../../../cluster/base/error.ts";
import { gauge, Metrics } from "../../../cluster/runtime/metrics.ts";
import { HttpPort } from "../../../monitor/port/http-port.ts";

const ports: HttpPort[] = [];

async function start(whyNotReady: () => string | undefined = () => undefined) {
  const metrics = new Metrics();
  const { seen } = metrics.add({ seen: gauge({ name: "seen", help: "how often it was asked" }) });
  let collected = 0;
  seen.read((set) => set(collected));
  const port = new HttpPort({
    metrics,
    whyNotReady,
    collect: () => {
      collected += 1;
    },
  });
  ports.push(port);
  const address = await port.listen("127.0.0.1:0");
  return async (path: string, method = "GET") => {
    const response = await fetch(`http://${address}${path}`, { method });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
}

afterEach(async () => {
  await Promise.all(ports.splice(0).map((port) => port.close()));
});

test("metrics are collected for each scrape", async () => {
  const get = await start();
  await get("/metrics");
  const { status, text, headers } = await get("/metrics?x=1");
  expect([status, headers.get("content-type")]).toEqual([
    200,
    expect.stringContaining("text/plain; version=0.0.4"),
  ]);
  expect(text).toContain("kelp_seen 2");
});

test("it is healthy while it turns, and ready while it serves", async () => {
  let why: string | undefined = "there is no quorum";
  const get = await start(() => why);
  expect(await get("/healthz")).toMatchObject({ status: 200, text: "ok\n" });
  expect(await get("/readyz")).toMatchObject({ status: 503, text: "there is no quorum\n" });
  why = undefined;
  expect(await get("/readyz")).toMatchObject({ status: 200, text: "ok\n" });
  expect(await get("/readyz", "HEAD")).toMatchObject({ status: 200, text: "" });
});

test("there is nothing else", async () => {
  const get = await start();
  expect((await get("/commands/stat")).status).toBe(404);
  expect((await get("/metrics", "POST")).status).toBe(405);
});

test("an address that is taken is told", async () => {
  const first = new HttpPort({
    metrics: new Metrics(),
    whyNotReady: () => undefined,
    collect: () => {},
  });
  ports.push(first);
  const address = await first.listen("127.0.0.1:0");
  const second = new HttpPort({
    metrics: new Metrics(),
    whyNotReady: () => undefined,
    collect: () => {},
  });
  const error = await second.listen(address).catch((cause: unknown) => cause);
  expect(isClusterError(error, "UNREACHABLE")).toBe(true);
});
