import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { isClusterError } from "../../../cluster/base/error.ts";
import { SILENT_LOG } from "../../../cluster/base/log.ts";
import {
  EXIT_BUG,
  EXIT_FAILED,
  endOnSignals,
  type Phase,
  type ProcessEvent,
  type ProcessLike,
  Shutdown,
} from "../../../cluster/runtime/shutdown.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

describe("closing", () => {
  const part = (name: string, phase: Phase, closed: string[]) => ({
    name,
    phase,
    close: async () => {
      await Promise.resolve();
      closed.push(name);
    },
  });

  test("runs phase by phase, in each the newest part first, one after the other", async () => {
    const closed: string[] = [];
    const shutdown = new Shutdown(SILENT_LOG);
    shutdown.register(part("meta", "close stores", closed));
    shutdown.register(part("extent", "close stores", closed));
    shutdown.register(part("http", "stop accepting", closed));
    shutdown.register(part("loop", "finish running", closed));
    shutdown.register(part("wire", "stop accepting", closed));
    expect(shutdown.open).toEqual(["meta", "extent", "http", "loop", "wire"]);
    await shutdown.close();
    expect(closed).toEqual(["wire", "http", "loop", "extent", "meta"]);
    expect(shutdown.open).toEqual([]);
  });

  test("happens once, however often it is asked for", async () => {
    const closed: string[] = [];
    const shutdown = new Shutdown(SILENT_LOG);
    shutdown.register(part("store", "close stores", closed));
    await Promise.all([shutdown.close(), shutdown.close()]);
    await shutdown.close();
    expect(closed).toEqual(["store"]);
  });

  test("goes on after a part that fails and tells of every failure", async () => {
    const closed: string[] = [];
    const shutdown = new Shutdown(SILENT_LOG);
    const failures = [new Error("store"), new Error("loop")];
    shutdown.register(part("first", "close stores", closed));
    shutdown.register({
      name: "store",
      phase: "close stores",
      close: () => Promise.reject(failures[0]),
    });
    shutdown.register({
      name: "loop",
      phase: "finish running",
      close: () => {
        throw failures[1];
      },
    });
    const error = await shutdown.close().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errors: [failures[1], failures[0]] });
    expect(closed).toEqual(["first"]);
  });

  test("lets nothing start any more", async () => {
    const shutdown = new Shutdown(SILENT_LOG);
    await shutdown.close();
    let refusal: unknown;
    try {
      shutdown.register(part("late", "close stores", []));
    } catch (error) {
      refusal = error;
    }
    expect(isClusterError(refusal, "INTERRUPTED")).toBe(true);
  });
});

/** A process that cannot end: it notes the codes with which it was asked to. */
class FakeProcess implements ProcessLike {
  readonly listeners = new Map<ProcessEvent, (argument: unknown) => void>();
  readonly exits: number[] = [];

  on(event: ProcessEvent, listener: (argument: unknown) => void): void {
    this.listeners.set(event, listener);
  }

  off(event: ProcessEvent, listener: (argument: unknown) => void): void {
    if (this.listeners.get(event) === listener) this.listeners.delete(event);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  emit(event: ProcessEvent, argument?: unknown): void {
    this.listeners.get(event)?.(argument);
  }
}

function world() {
  const scheduler = new Scheduler();
  const process = new FakeProcess();
  const lines: string[] = [];
  let flushedLines = 0;
  const write = (message: string): void => {
    lines.push(message);
  };
  const log = {
    ...SILENT_LOG,
    error: write,
    info: write,
    flush: () => {
      flushedLines = lines.length;
    },
  };
  const shutdown = new Shutdown(log);
  const clock = virtualClock(scheduler);
  const stop = endOnSignals({ shutdown, process, clock, log, deadlineMs: 5_000 });
  return { scheduler, process, lines, shutdown, stop, flushed: () => flushedLines };
}

/** A part that closes when the test says so. */
function slowPart(name: string) {
  let finish = (): void => {};
  const closed = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const part = { name, phase: "close stores" as const, close: () => closed };
  return { part, finish };
}

describe("a process", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("closes on %s and exits with 0", async (signal) => {
    const { process, shutdown } = world();
    process.emit(signal);
    await shutdown.close();
    await settled();
    expect(process.exits).toEqual([0]);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("exits at once on a second signal, %s with %d", async (second, code) => {
    const { process, shutdown } = world();
    shutdown.register(slowPart("store").part);
    process.emit("SIGTERM");
    await settled();
    expect(process.exits).toEqual([]);
    process.emit(second);
    expect(process.exits).toEqual([code]);
  });

  test("says at the deadline which parts hang, and exits with failure", async () => {
    const { scheduler, process, lines, shutdown, flushed } = world();
    shutdown.register({ name: "behind it", phase: "close stores", close: () => {} });
    shutdown.register(slowPart("store").part);
    shutdown.register({ name: "http", phase: "stop accepting", close: () => {} });
    process.emit("SIGTERM");
    await settled();
    await scheduler.run(() => false, 4_999);
    expect(process.exits).toEqual([]);
    await scheduler.run(() => false, 5_000);
    expect(process.exits).toEqual([EXIT_FAILED]);
    expect(lines.at(-1)).toBe("not closed after 5000 ms: behind it, store");
    expect(flushed()).toBe(lines.length);
  });

  test("that closed in time is not ended again by the deadline", async () => {
    const { scheduler, process, shutdown } = world();
    const { part, finish } = slowPart("store");
    shutdown.register(part);
    process.emit("SIGTERM");
    finish();
    await settled();
    await scheduler.run(() => false, 60_000);
    expect(process.exits).toEqual([0]);
  });

  test("exits with failure if a part fails to close", async () => {
    const { process, shutdown } = world();
    const close = () => Promise.reject(new Error("disk"));
    shutdown.register({ name: "store", phase: "close stores", close });
    process.emit("SIGTERM");
    await settled();
    expect(process.exits).toEqual([EXIT_FAILED]);
  });

  test.each(["uncaughtException", "unhandledRejection"] as const)(
    "stops at once on %s, closing nothing, with everything logged",
    (event) => {
      const { process, lines, shutdown, flushed } = world();
      shutdown.register(slowPart("store").part);
      process.emit(event, new Error("bug"));
      expect(process.exits).toEqual([EXIT_BUG]);
      expect(shutdown.open).toEqual(["store"]);
      expect(lines).toEqual([expect.stringContaining("this is a bug")]);
      expect(flushed()).toBe(1);
    },
  );

  test("is left alone after listening was stopped", () => {
    const { process, stop } = world();
    expect(process.listeners.size).toBe(4);
    stop();
    expect(process.listeners.size).toBe(0);
  });
});

describe("a real process", () => {
  const children = new Set<ChildProcess>();
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
  });

  /** Starts it; `onLine` is called with each line that it prints. Resolves when it has ended. */
  function run(how: string, onLine: (line: string, child: ChildProcess) => void) {
    const script = new URL(
      "../../../dist/test/cluster/runtime/shutdown-process.js",
      import.meta.url,
    );
    const child = spawn(process.execPath, [fileURLToPath(script), how]);
    children.add(child);
    const lines: string[] = [];
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        lines.push(line);
        onLine(line, child);
      }
    });
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
    });
    return new Promise<{ code: number | null; lines: string[]; log: string[] }>((resolve) => {
      child.once("close", (code) => resolve({ code, lines, log: log.trimEnd().split("\n") }));
    });
  }

  test("told to end closes in order and exits with 0", async () => {
    const { code, lines, log } = await run("close", (line, child) => {
      if (line === "ready") child.kill("SIGTERM");
    });
    expect(code).toBe(0);
    expect(lines).toEqual([
      "ready",
      "closed stop accepting",
      "closed finish running",
      "closed close stores",
    ]);
    expect(JSON.parse(log.at(-1) ?? "")).toMatchObject({ msg: "ended", code: 0 });
  });

  test("that hangs while closing ends at once on a second signal", async () => {
    const { code } = await run("hang", (line, child) => {
      if (line === "ready") child.kill("SIGTERM");
      if (line === "hanging") child.kill("SIGINT");
    });
    expect(code).toBe(130);
  });

  test.each([
    ["throw", "thrown where nobody catches"],
    ["reject", "rejected where nobody handles"],
  ])("with a bug (%s) logs it with its stack and exits with 70", async (how, message) => {
    const { code, log } = await run(how, (line, child) => {
      if (line === "ready") child.kill("SIGUSR2");
    });
    expect(code).toBe(EXIT_BUG);
    expect(JSON.parse(log.at(-1) ?? "")).toMatchObject({
      level: "error",
      error: { message, stack: expect.stringContaining("shutdown-process") },
    });
  });
});

/** After everything that is already on its way. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
