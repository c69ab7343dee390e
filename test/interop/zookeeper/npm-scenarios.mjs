/**
 * node npm-scenarios.mjs FOLDER CLIENT HOSTS: what two clients from npm do, one a run. They are not
 * among the project's packages: FOLDER is where somebody has installed them.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, name, hosts] = process.argv.slice(2);
const load = createRequire(join(folder, "package.json"));

/** Pure JavaScript, with callbacks. */
async function nodeZookeeperClient() {
  const { ACL, createClient, CreateMode, Event, Exception, Id, Permission } =
    load("node-zookeeper-client");
  const client = createClient(hosts, { sessionTimeout: 10_000 });
  const connected = once(client, "connected");
  client.connect();
  await connected;
  const call = (method, ...words) =>
    new Promise((resolve, reject) => {
      client[method](...words, (error, ...results) => {
        if (error) reject(error);
        else resolve(results);
      });
    });
  const [path] = await call("create", "/npm", Buffer.from("1"), CreateMode.PERSISTENT);
  assert.equal(path, "/npm");
  const event = new Promise((resolve) => client.getData("/npm", resolve, () => {}));
  const [data, stat] = await call("getData", "/npm");
  assert.deepEqual([String(data), stat.version], ["1", 0]);
  const [changed] = await call("setData", "/npm", Buffer.from("2"), 0);
  assert.equal(changed.version, 1);
  const { type, path: where } = await event;
  assert.deepEqual([type, where], [Event.NODE_DATA_CHANGED, "/npm"]);
  await assert.rejects(call("setData", "/npm", Buffer.from("3"), 0), (error) => {
    assert.equal(error.getCode(), Exception.BAD_VERSION);
    return true;
  });
  const mode = CreateMode.EPHEMERAL_SEQUENTIAL;
  const [sequential] = await call("create", "/npm/e-", Buffer.alloc(0), mode);
  assert.equal(sequential, "/npm/e-0000000000");
  const [children] = await call("getChildren", "/npm");
  assert.deepEqual(children, ["e-0000000000"]);
  const results = await new Promise((resolve, reject) => {
    client
      .transaction()
      .create("/npm/t", Buffer.from("t"))
      .check("/npm", 1)
      .setData("/npm", Buffer.from("3"))
      .remove("/npm/t")
      .commit((error, done) => (error ? reject(error) : resolve(done)));
  });
  assert.equal(results.length, 4);
  client.addAuthInfo("digest", Buffer.from("ann:1"));
  await call("setACL", "/npm", [new ACL(Permission.ALL, new Id("auth", ""))], -1);
  const [acls] = await call("getACL", "/npm");
  assert.equal(acls[0].id.scheme, "digest");
  const ended = once(client, "disconnected");
  client.close();
  await ended;
}

/** The C client in a package. */
async function zookeeper() {
  const ZooKeeper = load("zookeeper");
  const { ZOO_EPHEMERAL, ZOO_SEQUENCE } = ZooKeeper.constants;
  const client = new ZooKeeper({
    connect: hosts,
    timeout: 10_000,
    debug_level: ZooKeeper.constants.ZOO_LOG_LEVEL_ERROR,
    host_order_deterministic: true,
  });
  const connected = once(client, "connect");
  client.init({});
  await connected;
  assert.equal(await client.create("/c-npm", "1", 0), "/c-npm");
  const [stat, data] = await client.get("/c-npm", false);
  assert.deepEqual([String(data), stat.version], ["1", 0]);
  const event = new Promise((resolve) => {
    client.w_get("/c-npm", (type, _state, path) => resolve([type, path]));
  });
  assert.equal((await client.set("/c-npm", "2", 0)).version, 1);
  assert.deepEqual(await event, [ZooKeeper.constants.ZOO_CHANGED_EVENT, "/c-npm"]);
  const flags = ZOO_EPHEMERAL | ZOO_SEQUENCE;
  assert.equal(await client.create("/c-npm/e-", "", flags), "/c-npm/e-0000000000");
  assert.deepEqual(await client.get_children("/c-npm", false), ["e-0000000000"]);
  await assert.rejects(client.delete_("/c-npm", -1));
  await client.delete_("/c-npm/e-0000000000", -1);
  await client.delete_("/c-npm", 1);
  await assert.rejects(client.exists("/c-npm", false));
  client.close();
}

await { "node-zookeeper-client": nodeZookeeperClient, zookeeper }[name]();
process.stdout.write("done\n", () => process.exit());
