/**
 * Two clients from npm. They are no packages of this project, and one of them compiles C: .ci/run
 * installs them into a folder of their own and says which.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { Conversation } from "./conversation.ts";
import { eachServer } from "./each-server.ts";

const SCRIPT = fileURLToPath(new URL("npm-scenarios.mjs", import.meta.url));
const { KELP_ZOOKEEPER_CLIENTS: folder = "/KELP_ZOOKEEPER_CLIENTS-is-not-set" } = process.env;

let program: Conversation | undefined;
afterEach(() => program?.stop());

for (const name of ["node-zookeeper-client", "zookeeper"]) {
  const tool = { command: join(folder, "node_modules", name, "package.json"), npmPackage: name };
  eachServer({ name: `${name} from npm`, size: 1, tools: [tool] }, (ensemble) => {
    test("creates, reads, watches, changes and deletes", async () => {
      program = new Conversation({
        file: process.execPath,
        args: [SCRIPT, folder, name, ensemble().addresses],
      });
      await program.hear(/^done$/m);
      expect(await program.ended()).toBe(0);
    });
  });
}
