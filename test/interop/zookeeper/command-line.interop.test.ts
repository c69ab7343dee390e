/** The two command lines that come with Apache ZooKeeper: the Java one and the C one. */
import { afterEach, expect, test } from "vitest";
import { Conversation } from "./conversation.ts";
import { eachServer } from "./each-server.ts";

const ZK_CLI = "/usr/share/zookeeper/bin/zkCli.sh";
const C_CLI = "/usr/lib/zookeeper/bin/cli_mt";

let program: Conversation | undefined;
afterEach(() => program?.stop());

function start(file: string, args: readonly string[]): Conversation {
  program = new Conversation({ file, args });
  return program;
}

eachServer({ name: "zkCli.sh", size: 1, tools: [tool(ZK_CLI, "zookeeper")] }, (ensemble) => {
  const connect = async (): Promise<Conversation> => {
    const cli = start(ZK_CLI, ["-server", ensemble().addresses, "-waitforconnection"]);
    await cli.hear(/Welcome to ZooKeeper!/);
    return cli;
  };

  test("creates, reads, changes, lists and deletes", async () => {
    const cli = await connect();
    await cli.ask("create /cli hello", /Created \/cli\n/);
    await cli.ask("create -e -s /cli/e- x", /Created \/cli\/e-0000000000\n/);
    await cli.ask("create -c /cli/container", /Created \/cli\/container\n/);
    await cli.ask("create -t 1000000 /cli/ttl", /Created \/cli\/ttl\n/);
    await cli.ask("set -s /cli world", /dataVersion = 1\n[\s\S]*numChildren = 3\n/);
    await cli.ask("get -s /cli", /world\n[\s\S]*dataVersion = 1\n[\s\S]*numChildren = 3\n/);
    await cli.ask("set -v 0 /cli late", /version No is not valid : \/cli/);
    await cli.ask("ls -R /cli", /\/cli\n\/cli\/container\n\/cli\/e-0000000000\n\/cli\/ttl\n/);
    await cli.ask("getAllChildrenNumber /cli", /^3\n/m);
    await cli.ask("getEphemerals /cli", /\[\/cli\/e-0000000000\]\n/);
    await cli.ask("stat /nope", /Node does not exist: \/nope/);
    await cli.ask("delete /cli", /Node not empty: \/cli/);
    cli.say("deleteall /cli");
    await cli.ask("stat /cli", /Node does not exist: \/cli/);
    await cli.ask("sync /", /Sync is OK/);
  });

  test("knows who it is, and what it may", async () => {
    const cli = await connect();
    await cli.ask("create /secret x", /Created \/secret\n/);
    cli.say("addauth digest ann:1");
    cli.say("setAcl /secret auth:ann:1:cdrwa");
    await cli.ask("getAcl /secret", /'digest,'ann:\S+\n: cdrwa\n/);
    await cli.ask("whoami", /digest: ann\n/);
    await cli.stop();
    const stranger = await connect();
    await stranger.ask("get /secret", /Insufficient permission : \/secret/);
  });

  test("watches", async () => {
    const cli = await connect();
    await cli.ask("create /watched x", /Created \/watched\n/);
    cli.say("addWatch -m PERSISTENT_RECURSIVE /watched");
    await cli.ask("create /watched/child y", /type:NodeCreated path:\/watched\/child\n/);
    await cli.ask("set /watched new", /type:NodeDataChanged path:\/watched\n/);
    await cli.ask("delete /watched/child", /type:NodeDeleted path:\/watched\/child\n/);
    await cli.ask("removewatches /watched", /WatchRemoved path:\/watched\n/);
  });

  test("says goodbye", async () => {
    const cli = await connect();
    cli.say("quit");
    expect(await cli.ended()).toBe(0);
  });
});

eachServer(
  { name: "the C client's cli", size: 1, tools: [tool(C_CLI, "zookeeper-bin")] },
  (ensemble) => {
    const connect = async (): Promise<Conversation> => {
      // Into a pipe it would write only when its buffer is full.
      const cli = start("stdbuf", ["-oL", "-eL", C_CLI, ensemble().addresses]);
      await cli.hear(/Got a new session id: 0x[0-9a-f]+\n/);
      return cli;
    };

    test("creates, reads, changes, lists and deletes", async () => {
      const cli = await connect();
      await cli.ask("create /c", /\[\/c\]: rc = 0\n\s+name = \/c\n/);
      await cli.ask("create +es /c/e-", /name = \/c\/e-0000000000\n/);
      await cli.ask(
        "set /c data1",
        /\/c: rc = 0 Stat:[\s\S]*version=1\s[\s\S]*ephemeralOwner = 0\n/,
      );
      await cli.ask("get /c", /value_len = 5\ndata1\s[\s\S]*ephemeralOwner = 0\n/);
      await cli.ask("ls /c", /\/c: rc = 0\n\s+e-0000000000\n/);
      await cli.ask("delete /c", /\/c: rc = -111\n/);
      await cli.ask("delete /c/e-0000000000", /\/c\/e-0000000000: rc = 0\n/);
      await cli.ask("delete /c", /\/c: rc = 0\n/);
      await cli.ask("exists /c", /Error -101 for \/c\n/);
      await cli.ask("sync /", /\[\/\]: rc = 0\n/);
    });

    test("watches", async () => {
      const cli = await connect();
      await cli.ask("create /cw", /name = \/cw\n/);
      cli.say("wexists /cw");
      await cli.ask("set /cw x", /CHANGED_EVENT state = CONNECTED_STATE for path \/cw\n/);
    });
  },
);

function tool(command: string, debianPackage: string) {
  return { command, debianPackage };
}
