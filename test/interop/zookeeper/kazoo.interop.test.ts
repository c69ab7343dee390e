/** kazoo, the Python client, and its recipes, on three servers. */
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { Conversation } from "./conversation.ts";
import { eachServer } from "./each-server.ts";

const SCRIPT = fileURLToPath(new URL("kazoo-scenarios.py", import.meta.url));
/** The one that Debian's packages are for, whatever else is in PATH. */
const PYTHON = "/usr/bin/python3";
const KAZOO = {
  command: "/usr/lib/python3/dist-packages/kazoo/client.py",
  debianPackage: "python3-kazoo",
};

let program: Conversation | undefined;
afterEach(() => program?.stop());

eachServer({ name: "kazoo", size: 3, tools: [KAZOO] }, (ensemble) => {
  const start = (scenario: string): Conversation => {
    program = new Conversation({ file: PYTHON, args: [SCRIPT, scenario, ensemble().addresses] });
    return program;
  };

  test.each(["locks", "election", "party", "watchers", "transactions"])("%s", async (scenario) => {
    const running = start(scenario);
    await running.hear(/^done$/m);
    expect(await running.ended()).toBe(0);
  });

  test("a session outlives the server that it was connected to", async () => {
    const running = start("reconnect");
    const heard = await running.hear(/^connected to \d+$/m);
    const port = Number(/connected to (\d+)$/.exec(heard)?.[1]);
    const victim = ensemble().members.find(({ clientPort }) => clientPort === port);
    await present(victim, `the server on port ${port}`).kill();
    running.say("killed");
    await running.hear(/^done$/m);
    expect(await running.ended()).toBe(0);
  });
});
