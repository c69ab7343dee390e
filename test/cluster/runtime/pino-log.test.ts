import { describe, expect, test } from "vitest";
import { ClusterError } from "../../../cluster/base/error.ts";
import { createLog, LOG_LEVELS, type LogLevel } from "../../../cluster/runtime/pino-log.ts";

interface Line {
  readonly level: unknown;
  readonly error?: unknown;
}

function capture(level: LogLevel = "debug") {
  const written: string[] = [];
  let flushCount = 0;
  const destination = {
    write: (line: string) => {
      written.push(line);
    },
    flushSync: () => {
      flushCount += 1;
    },
  };
  const log = createLog({ name: "osd.3", level, destination });
  const lines = (): Line[] => written.map((line) => JSON.parse(line));
  return { log, written, lines, flushes: () => flushCount };
}

test("a line is one JSON object with time, level, process, message and fields", () => {
  const { log, written, lines } = capture();
  log.warn("slow disk", { latencyMs: 812, pg: "1.2" });
  expect(written).toEqual([expect.stringMatching(/^\{.*\}\n$/)]);
  expect(lines()[0]).toMatchObject({
    level: "warn",
    name: "osd.3",
    pid: process.pid,
    msg: "slow disk",
    latencyMs: 812,
    pg: "1.2",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
});

describe("the level", () => {
  test.each(LOG_LEVELS)("%s lets pass what is at least as urgent", (level) => {
    const { log, lines } = capture(level);
    for (const each of LOG_LEVELS) log[each](each);
    expect(lines().map((line) => line.level)).toEqual(
      LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1),
    );
  });

  test("can change at run time, for children that exist already too", () => {
    const { log, lines } = capture("info");
    const child = log.child({ pg: "1.2" }).child({ peer: "osd.4" });
    child.debug("unseen");
    log.setLevel("debug");
    child.debug("seen");
    log.setLevel("error");
    child.warn("unseen");
    expect(lines()).toEqual([expect.objectContaining({ msg: "seen", pg: "1.2", peer: "osd.4" })]);
  });
});

test("a child's fields stand in each of its lines, once, the nearest winning", () => {
  const { log, written, lines } = capture();
  log.child({ pg: "1.2", peer: "osd.4" }).info("pushed", { peer: "osd.5" });
  expect(lines()[0]).toMatchObject({ pg: "1.2", peer: "osd.5" });
  expect(written[0]?.split('"peer"')).toHaveLength(2);
});

test("fields cannot forge what the log itself puts into a line", () => {
  const { log, written, lines } = capture();
  log.info("real", { level: "error", time: "never", name: "osd.9", msg: "forged", pid: 1 });
  expect(lines()[0]).toMatchObject({ level: "info", name: "osd.3", msg: "real", msg_: "forged" });
  for (const name of ["level", "time", "name", "msg", "pid"]) {
    expect(written[0]?.split(`"${name}":`)).toHaveLength(2);
  }
});

test("no secret is written: in fields, in a child's fields, in an error's causes", () => {
  const { log, written } = capture();
  const cause = Object.assign(new Error("refused"), { headers: { Authorization: "hunter2" } });
  const error = new ClusterError("UNREACHABLE", "no way to osd.4", { cause });
  const child = log.child({ session: { token: "hunter2" } });
  child.error("failed", { error, user: { name: "ada", secretKey: "hunter2" } });
  expect(written.join()).not.toContain("hunter2");
  expect(written.join()).toContain("ada");
});

test("an error is written with its code and causes", () => {
  const { log, lines } = capture();
  const error = new ClusterError("TIMEOUT", "no answer", { cause: new Error("silence") });
  log.error("cannot peer", { error });
  expect(lines()[0]?.error).toMatchObject({
    type: "ClusterError",
    code: "TIMEOUT",
    cause: { message: "silence" },
  });
});

test("a message is one line of bounded length, whatever is in it", () => {
  const { log, written } = capture();
  log.info(`first\nsecond %s ${"x".repeat(1_000_000)}`, { value: 1 });
  expect(written[0]?.indexOf("\n")).toBe((written[0]?.length ?? 0) - 1);
  expect(written[0]?.length).toBeLessThan(5_000);
});

test("flush reaches the destination and never throws", () => {
  const { log, flushes } = capture();
  log.flush();
  expect(flushes()).toBe(1);
  const broken = {
    write: () => {},
    flushSync: () => {
      throw new Error("EPIPE");
    },
  };
  createLog({ name: "osd.3", level: "info", destination: broken }).flush();
  createLog({ name: "osd.3", level: "info", destination: { write: () => {} } }).flush();
});
