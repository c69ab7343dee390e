/** A session for one command: connected before, closed after. */
import { randomBytes } from "node:crypto";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../cluster/runtime/tcp.ts";
import { type StatusListener, ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { asWrongUsage, CommandError } from "../failure.ts";

export const DEFAULT_SERVER = "127.0.0.1:2181";
/** Long enough for an ensemble that elects a leader just now. */
const CONNECT_MS_MAX = 5000;

export interface ConnectionFlags {
  readonly server: string;
  /** scheme:credentials, as in digest:user:password. */
  readonly auth?: readonly string[];
  /** By which flag the command takes the server. */
  readonly flag?: string;
}

export async function withClient<T>(
  flags: ConnectionFlags,
  body: (client: ZooKeeperClient) => Promise<T>,
  onStatus?: StatusListener,
): Promise<T> {
  const client = clientOf(flags, onStatus);
  try {
    await untilConnected(client, { flag: "--server", ...flags });
    for (const auth of flags.auth ?? []) await authenticate(client, auth);
    return await body(client);
  } finally {
    await client.close();
  }
}

function clientOf(flags: ConnectionFlags, onStatus: StatusListener | undefined): ZooKeeperClient {
  try {
    return new ZooKeeperClient({
      servers: flags.server,
      network: tcpNetwork,
      clock: realClock,
      seed: randomBytes(6).readUIntBE(0, 6),
      ...(onStatus === undefined ? {} : { onStatus }),
    });
  } catch (error) {
    throw asWrongUsage(error);
  }
}

/** Throws what a person can do something about, naming the flag that says where the servers are. */
export async function untilConnected(
  client: ZooKeeperClient,
  { server, flag }: { readonly server: string; readonly flag: string },
): Promise<void> {
  const { promise, cancel } = timeout(CONNECT_MS_MAX);
  try {
    const outcome = await Promise.race([client.connected(), promise]);
    if (outcome !== "late") return;
  } finally {
    cancel();
  }
  throw new CommandError(
    EXIT_CODE.failure,
    `no ZooKeeper or Kelp monitor answers at ${server}: ${client.lastFailure}\n` +
      `  Check that it runs, and name it with ${flag} host:port,host:port.`,
  );
}

function timeout(durationMs: number): { promise: Promise<"late">; cancel: () => void } {
  let cancel = (): void => {};
  const promise = new Promise<"late">((resolve) => {
    const timer = realClock.after(durationMs, () => resolve("late"));
    cancel = () => timer.cancel();
  });
  return { promise, cancel };
}

async function authenticate(client: ZooKeeperClient, auth: string): Promise<void> {
  const colon = auth.indexOf(":");
  if (colon < 1) {
    throw new CommandError(
      EXIT_CODE.usage,
      "--auth takes a scheme and its credentials, as in digest:user:password",
    );
  }
  await client.addAuth(auth.slice(0, colon), auth.slice(colon + 1));
}
