import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { failureOf } from "../../../cli/failure.ts";
import { createProgram } from "../../../cli/program.ts";

let directory: string;
let config: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kelp-monitor-command-"));
  config = join(directory, "zoo.cfg");
});
afterEach(() => rm(directory, { recursive: true }));

async function kelp(...words: string[]): Promise<{ out: string; err: string; exitCode: number }> {
  let out = "";
  let err = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  const write = (text: string): void => {
    err += text;
  };
  const failure = await createProgram("1.2.3", { writeErr: write, writeOut: write })
    .parseAsync(["monitor", ...words], { from: "user" })
    .then(() => ({ text: "", exitCode: 0 }), failureOf);
  spy.mockRestore();
  return { out, err: err + failure.text, exitCode: failure.exitCode };
}

async function writeConfig(...lines: string[]): Promise<void> {
  await writeFile(config, [`dataDir=${directory}`, "clientPort=2181", ...lines].join("\n"));
}

const SERVERS = ["server.1=a:1:2", "server.2=b:1:2", "server.3=c:1:2"];

test("a monitor needs a configuration", async () => {
  const { err, exitCode } = await kelp();
  expect(exitCode).toBe(2);
  expect(err).toContain("--config <file>");
});

test("an action and a log level that do not exist are wrong usage, with those that do", async () => {
  expect(await kelp("walk", "--config", config)).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining("Allowed choices are run, form, rejoin"),
  });
  expect(await kelp("--config", config, "--log-level", "loud")).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining("error, warn, info, debug"),
  });
});

test("a configuration that is wrong is refused with every line of it", async () => {
  await writeConfig("tickTime=2s", "kelp.htpPort=1");
  const { err, exitCode } = await kelp("--config", config);
  expect(exitCode).toBe(1);
  expect(err).toContain(`${config}:3:10: tickTime is "2s"`);
  expect(err).toContain(`${config}:4:1: there is no setting kelp.htpPort`);
});

test("rejoin sets the store aside and says where it is", async () => {
  await writeConfig(...SERVERS);
  await writeFile(join(directory, "myid"), "2");
  const store = join(directory, "kelp");
  await mkdir(store);
  const { out, err, exitCode } = await kelp("rejoin", "--config", config);
  expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
  expect(out).toBe(
    `the store is now ${store}.set-aside-1; the next start of mon.2 fetches everything from the others\n`,
  );
  expect(existsSync(store)).toBe(false);
  expect(existsSync(`${store}.set-aside-1`)).toBe(true);
});

test("rejoin of a member without a store changes nothing", async () => {
  await writeConfig(...SERVERS);
  await writeFile(join(directory, "myid"), "2");
  const { out, exitCode } = await kelp("rejoin", "--config", config);
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^mon.2 has no store; /);
});

test("rejoin is refused where there is nobody to fetch from, and leaves the store", async () => {
  await writeConfig();
  await mkdir(join(directory, "kelp"));
  const { err, exitCode } = await kelp("rejoin", "--config", config);
  expect(exitCode).toBe(1);
  expect(err).toContain("mon.0 is the only member");
  expect(existsSync(join(directory, "kelp"))).toBe(true);
});

test.each([
  [["form"], "form and --without belong together"],
  [["run", "--without", "3"], "form and --without belong together"],
  [["form", "--without", "three"], '"three" are no ids; write 3 or 3,5'],
  [["form", "--without", "4"], "there is no server line of 4; there are lines of 1, 2, 3"],
  [["form", "--without", "1"], "1 is this member; it is there"],
  [["form", "--without", "2,3"], "without 2, 3 no majority of 3 members is left"],
])(
  "to begin without some members in a way that cannot be is wrong usage: %j",
  async (words, problem) => {
    await writeConfig(...SERVERS);
    await writeFile(join(directory, "myid"), "1");
    const { err, exitCode } = await kelp(...words, "--config", config);
    expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringContaining(problem) });
    expect(existsSync(join(directory, "kelp"))).toBe(false);
  },
);
