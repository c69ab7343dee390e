import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import {
  persist,
  put,
  type ScriptedLoop,
  say,
  script,
  scriptedLoop,
  startedLoop,
} from "../../support/scripted-loop.ts";

describe("effects and batches", () => {
  test("what waits for nothing leaves in the same round, beside the disk", async () => {
    const { run, store, news } = startedLoop();
    expect(run(script("a", persist("k", say("later")), say("now")))).toEqual([
      "a @0",
      "batch k",
      "now",
    ]);
    await store.finish();
    expect(news()).toEqual(["durable", "later"]);
  });

  test("effects of one round keep the order of their events", () => {
    const { run } = startedLoop();
    expect(run(script("a", say("1"), say("2")), script("b", say("3")))).toEqual([
      "a @0",
      "b @0",
      "1",
      "2",
      "3",
    ]);
  });

  test("while a batch syncs rounds go on, and their writes become one next batch", async () => {
    const { run, store, news } = startedLoop();
    run(script("a", persist("k1", say("1"))));
    expect(run(script("b", persist("k2", say("2")), say("now")))).toEqual(["b @0", "now"]);
    expect(run(script("c", persist("k3 k4", say("3"))))).toEqual(["c @0"]);
    await store.finish();
    expect(news()).toEqual(["durable", "batch k2 k3 k4", "1"]);
    await store.finish();
    expect(news()).toEqual(["durable", "2", "3"]);
    expect(store.isBusy).toBe(false);
  });

  test("the writes of a round are one batch, in the order of their events", () => {
    const { run } = startedLoop();
    const events = [script("a", persist("k2"), persist("k1")), script("b", persist("k1"))];
    expect(run(...events)).toEqual(["a @0", "b @0", "batch k2 k1 k1"]);
  });

  test("a tick's effects are as good as any", async () => {
    const { clock, store, news } = startedLoop({
      tickEffects: [say("now"), persist("k", say("later"))],
    });
    clock.passMs(50);
    clock.fireTimers();
    clock.turn();
    expect(news()).toEqual(["tick 0 @50", "batch k", "now"]);
    await store.finish();
    expect(news()).toEqual(["durable", "later"]);
  });
});

describe("a persist without writes", () => {
  test("runs in its own round if nothing is on its way to the disk", () => {
    const { run, store } = startedLoop();
    expect(run(script("a", persist("", say("1"))))).toEqual(["a @0", "1"]);
    expect(store.isBusy).toBe(false);
  });

  test("waits for the batch that is with the store", async () => {
    const { run, store, news } = startedLoop();
    run(script("a", persist("k1")));
    expect(run(script("b", persist("", say("1"))))).toEqual(["b @0"]);
    await store.finish();
    expect(news()).toEqual(["durable", "1"]);
  });

  test("waits for gathered writes too", async () => {
    const { run, store, news } = startedLoop();
    run(script("a", persist("k1")));
    run(script("b", persist("k2")));
    run(script("c", persist("", say("1"))));
    await store.finish();
    expect(news()).toEqual(["durable", "batch k2"]);
    await store.finish();
    expect(news()).toEqual(["durable", "1"]);
  });

  test("waits for writes of the same step", async () => {
    const { run, store, news } = startedLoop();
    expect(run(script("a", persist("k1"), persist("", say("1"))))).toEqual(["a @0", "batch k1"]);
    await store.finish();
    expect(news()).toEqual(["durable", "1"]);
  });

  test("keeps its place among the others", async () => {
    const { run, store, news } = startedLoop();
    const effects = [
      persist("k1", say("1")),
      persist("", say("2"), say("3")),
      persist("k2", say("4")),
    ];
    run(script("a", ...effects));
    await store.finish();
    expect(news()).toEqual(["durable", "1", "2", "3", "4"]);
  });
});

describe("a persist inside a then", () => {
  test("begins when its parent is durable, and what is beside it leaves then", async () => {
    const { run, store, news } = startedLoop();
    run(script("a", persist("k1", persist("k2", say("inner")), say("outer"))));
    await store.finish();
    expect(news()).toEqual(["durable", "batch k2", "outer"]);
    await store.finish();
    expect(news()).toEqual(["durable", "inner"]);
  });

  test("joins what gathered meanwhile, behind it", async () => {
    const { run, store, news } = startedLoop();
    run(script("a", persist("k1", persist("k2", say("2")))));
    run(script("b", persist("k3", say("1"))));
    await store.finish();
    expect(news()).toEqual(["durable", "batch k3 k2"]);
    await store.finish();
    expect(news()).toEqual(["durable", "1", "2"]);
  });

  test("without writes waits for what gathered meanwhile, else for nothing", async () => {
    const { run, store, news } = startedLoop();
    const nested = persist("", persist("", say("1")));
    expect(run(script("a", nested))).toEqual(["a @0", "1"]);
    run(script("b", persist("k1", nested)));
    run(script("c", persist("k2", say("0"))));
    await store.finish();
    expect(news()).toEqual(["durable", "batch k2"]);
    await store.finish();
    expect(news()).toEqual(["durable", "0", "1"]);
  });
});

describe("a batch that fails", () => {
  test("ends the loop: told once, and nothing more is performed or taken", async () => {
    const { run, store, news, loop, clock, failures } = startedLoop();
    const error = new Error("EIO");
    run(script("a", persist("k1", say("1"))));
    run(script("b", persist("k2", say("2")), persist("", say("3"))));
    loop.submit(script("c", say("4")));
    await store.fail(error);
    expect(clock.timerCount).toBe(0);
    clock.passMs(1000);
    clock.fireTimers();
    clock.turn();
    expect(failures).toEqual([error]);
    expect(news()).toEqual([]);
    expect(loop.submit(script("d", say("5")))).toBe(false);
    expect(store.isBusy).toBe(false);
  });

  test("is nobody's business after a stop", async () => {
    const { run, store, loop, failures } = startedLoop();
    run(script("a", persist("k1")));
    loop.stop();
    await store.fail(new Error("EIO"));
    expect(failures).toEqual([]);
  });
});

describe("start and stop", () => {
  const stopAtFatal = (name: string, { loop }: ScriptedLoop) => {
    if (name === "fatal") loop.stop();
  };

  test("events from before the start wait for it", () => {
    const { clock, loop, news } = scriptedLoop();
    loop.submit(script("a", say("1")));
    clock.turn();
    expect(news()).toEqual([]);
    loop.start();
    clock.turn();
    expect(news()).toEqual(["a @0", "1"]);
  });

  test("a loop starts once", () => {
    const { loop } = startedLoop();
    expect(() => loop.start()).toThrow(AssertionError);
    loop.stop();
    expect(() => loop.start()).toThrow(AssertionError);
  });

  test("after a stop nothing is stepped or performed, nor is the store given more", async () => {
    const { run, store, news, loop, clock } = startedLoop();
    run(script("a", persist("k1", say("1"), persist("k3"))));
    run(script("b", persist("k2", say("2"))));
    loop.submit(script("c", say("3")));
    loop.stop();
    expect(clock.timerCount).toBe(0);
    clock.passMs(1000);
    clock.fireTimers();
    clock.turn();
    await store.finish();
    expect(news()).toEqual(["durable"]);
    expect(store.isBusy).toBe(false);
    expect(loop.submit(script("d"))).toBe(false);
  });

  test("an effect that stops the loop is the last one of its round", () => {
    const { run } = startedLoop({ onPerform: stopAtFatal });
    expect(run(script("a", say("1"), say("fatal"), say("2")), script("b", say("3")))).toEqual([
      "a @0",
      "b @0",
      "1",
      "fatal",
    ]);
  });

  test("an effect that stops the loop is the last one of its batch", async () => {
    const { run, store, news } = startedLoop({ onPerform: stopAtFatal });
    run(script("a", persist("k", say("fatal"), say("1"))));
    await store.finish();
    expect(news()).toEqual(["durable", "fatal"]);
  });
});

describe("the queue", () => {
  test("refuses when it is full and takes events again after a round", () => {
    const { loop, clock, news } = startedLoop({ queueCapacity: 2 });
    expect(["a", "b", "c"].map((name) => loop.submit(script(name)))).toEqual([true, true, false]);
    clock.turn();
    expect(loop.submit(script("d"))).toBe(true);
    clock.turn();
    expect(news()).toEqual(["a @0", "b @0", "d @0"]);
  });

  test("room comes at once if there is some, else with the end of a round", async () => {
    const { loop, clock, trace } = startedLoop({ queueCapacity: 1 });
    await loop.room();
    loop.submit(script("a", say("1")));
    const waiters = ["first", "second"].map((name) =>
      loop.room().then(() => trace.push(`${name} has room`)),
    );
    await Promise.resolve();
    clock.turn();
    await Promise.all(waiters);
    expect(trace).toEqual(["a @0", "1", "first has room", "second has room"]);
  });

  test("a loop that has stopped will have no room: whoever waits for it is told", async () => {
    const { loop } = startedLoop({ queueCapacity: 1 });
    loop.submit(script("a"));
    const room = loop.room();
    loop.stop();
    await expect(room).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expect(loop.room()).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  test("there is no room while a round leaves the queue full", async () => {
    const { loop, clock, trace } = startedLoop({
      queueCapacity: 1,
      onPerform: (name, { loop }) => {
        if (name === "again") loop.submit(script("b"));
      },
    });
    loop.submit(script("a", say("again")));
    const room = loop.room().then(() => trace.push("room"));
    clock.turn();
    await Promise.resolve();
    expect(trace).toEqual(["a @0", "again"]);
    clock.turn();
    await room;
    expect(trace).toEqual(["a @0", "again", "b @0", "room"]);
  });
});

describe("rounds", () => {
  test("begin in a later turn than the submit, one for all that is queued", () => {
    const { loop, clock, news } = startedLoop();
    loop.submit(script("a"));
    loop.submit(script("b"));
    expect(news()).toEqual([]);
    clock.turn();
    expect(news()).toEqual(["a @0", "b @0"]);
    expect(clock.isTurnPlanned).toBe(false);
  });

  test("are not entered from an effect: what it submits is stepped in the next one", async () => {
    const onPerform = (name: string, { loop, trace }: ScriptedLoop) => {
      if (name !== "now" && name !== "later") return;
      loop.submit(script("echo", say("echoed")));
      trace.push("submitted");
    };
    const { run, store, clock, news } = startedLoop({ onPerform });
    expect(run(script("a", say("now"), say("1")))).toEqual(["a @0", "now", "submitted", "1"]);
    expect(run()).toEqual(["echo @0", "echoed"]);
    run(script("b", persist("k", say("later"), say("2"))));
    await store.finish();
    expect(news()).toEqual(["durable", "later", "submitted", "2"]);
    clock.turn();
    expect(news()).toEqual(["echo @0", "echoed"]);
  });

  test("end after 1024 events: what they persist is not kept from the disk by the rest", () => {
    const { run } = startedLoop();
    const flood = Array.from({ length: 1030 }, (_, index) =>
      script(`e${index}`, ...(index < 1024 ? [] : [say("late")]), persist(`k${index}`)),
    );
    const first = run(...flood);
    expect(first).toHaveLength(1025);
    expect(first[1023]).toBe("e1023 @0");
    expect(first[1024]).toMatch(/^batch k0 .* k1023$/);
    const second = run();
    expect(second).toHaveLength(12);
    expect(second[0]).toBe("e1024 @0");
  });

  test.each([
    ["stop at 16 MiB", (1 << 20) - 18, []],
    ["go on just below", (1 << 20) - 19, ["c @0"]],
  ])("%s of gathered writes", async (_, size, whileSyncing) => {
    const { run, store, news, clock, loop } = startedLoop();
    run(script("a", persist("k1")));
    // A write weighs its key, its value and 16 bytes more.
    const writes = Array.from({ length: 16 }, () => put("k2", size));
    run(script("b", { type: "persist", writes, then: [say("1")] }));
    loop.submit(script("c"));
    clock.turn();
    expect(news()).toEqual(whileSyncing);
    await store.finish();
    clock.turn();
    const batch = `batch ${"k2 ".repeat(16).trim()}`;
    expect(news()).toEqual(["durable", batch, ...(whileSyncing.length > 0 ? [] : ["c @0"])]);
  });
});

test("a round ends when 16 MiB are gathered, however many events wait", async () => {
  const { loop, clock, news, store } = startedLoop();
  const large = (name: string) => {
    const writes = [put(name, 10 << 20)];
    return script(name, { type: "persist" as const, writes, then: [] });
  };
  for (const name of ["a", "b", "c", "d"]) loop.submit(large(name));
  clock.turn();
  expect(news()).toEqual(["a @0", "b @0", "batch a b"]);
  clock.turn();
  expect(news()).toEqual(["c @0", "d @0"]);
  await store.finish();
  expect(news()).toEqual(["durable", "batch c d"]);
});

describe("ticks", () => {
  test("come every 50 ms, never sooner, without any event", () => {
    const { clock, news } = startedLoop();
    for (let ms = 0; ms < 200; ms++) {
      clock.passMs(1);
      clock.fireTimers();
      clock.turn();
    }
    expect(news()).toEqual(["tick 0 @50", "tick 0 @100", "tick 0 @150", "tick 0 @200"]);
  });

  test.each([
    [49, []],
    [50, ["tick 0 @50"]],
    [250, ["tick 0 @250"]],
    [251, ["tick 201 @251"]],
    [6050, ["tick 6000 @6050"]],
  ])("after %d ms of nothing: %j", (pausedMs, expected) => {
    const { clock, news } = startedLoop();
    clock.passMs(pausedMs);
    clock.fireTimers();
    clock.turn();
    expect(news()).toEqual(expected);
  });

  test("that were missed are not made up for: the next comes 50 ms after the late one", () => {
    const { clock, news } = startedLoop();
    clock.passMs(1000);
    for (const ms of [0, 49, 1]) {
      clock.passMs(ms);
      clock.fireTimers();
      clock.turn();
      clock.fireTimers();
    }
    expect(news()).toEqual(["tick 950 @1000", "tick 0 @1050"]);
  });

  test("go before an event that was queued first but is taken later", () => {
    const { clock, loop, news } = startedLoop();
    loop.submit(script("a"));
    clock.passMs(300);
    clock.turn();
    expect(news()).toEqual(["tick 250 @300", "a @300"]);
  });

  test("fall between the events of a round if it is then that they become due", () => {
    const onStep = (name: string, { clock }: ScriptedLoop) => {
      if (name === "a") clock.passMs(50);
    };
    const { run } = startedLoop({ onStep });
    expect(run(script("a"), script("b"))).toEqual(["a @0", "tick 0 @50", "b @50"]);
  });

  test("need no timer to fire while events come", () => {
    const { clock, run } = startedLoop();
    clock.passMs(30);
    expect(run(script("a"))).toEqual(["a @30"]);
    clock.passMs(30);
    expect(run(script("b"))).toEqual(["tick 0 @60", "b @60"]);
  });

  test("that are due while gathered writes hold rounds back leave the timer asleep", () => {
    const { run, clock } = startedLoop();
    run(script("a", persist("k1")));
    const writes = Array.from({ length: 16 }, () => put("k2", 1 << 20));
    run(script("b", { type: "persist", writes, then: [] }));
    clock.passMs(50);
    let firedCount = 0;
    while (firedCount < 10 && clock.isTimerDue) {
      firedCount += 1;
      clock.fireTimers();
      clock.turn();
    }
    expect(firedCount).toBeLessThanOrEqual(1);
  });

  test("that became due while rounds were held back come with the end of the sync", async () => {
    const { run, clock, store, news } = startedLoop();
    run(script("a", persist("k1")));
    const writes = Array.from({ length: 16 }, () => put("k2", 1 << 20));
    run(script("b", { type: "persist", writes, then: [] }));
    clock.passMs(60);
    clock.fireTimers();
    clock.turn();
    expect(news()).toEqual([]);
    await store.finish();
    clock.fireTimers();
    clock.turn();
    expect(news().at(-1)).toBe("tick 0 @60");
  });
});
