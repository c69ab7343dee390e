/** The error for a request that came to nothing. */
import { unreachable } from "../base/assert.ts";
import { ClusterError } from "../base/error.ts";
import type { Outcome } from "./session-state.ts";
import { ZooKeeperError, zooKeeperErrorOf } from "./zookeeper-error.ts";

export function outcomeError(
  outcome: Exclude<Outcome, { type: "answered" }>,
  { operation, path }: { readonly operation: string; readonly path?: string | undefined },
): Error {
  if (outcome.type === "refused") return zooKeeperErrorOf(outcome.code, { operation, path });
  const { why, detail } = outcome;
  const text = `${path === undefined ? operation : `${operation} ${path}`}: ${detail}`;
  switch (why) {
    case "connectionLost":
      return new ClusterError("CONNECTION_LOST", text);
    case "unreachable":
      return new ClusterError("UNREACHABLE", text);
    case "overloaded":
      return new ClusterError("OVERLOADED", text);
    case "tooLarge":
      return new ZooKeeperError("BADARGUMENTS", { operation, path, hint: detail });
    case "authFailed":
      return new ZooKeeperError("AUTHFAILED", { operation, path });
    case "expired":
      return new ZooKeeperError("SESSIONEXPIRED", { operation, path });
    case "closed":
      return new ZooKeeperError("SESSIONEXPIRED", { operation, path, hint: detail });
    default:
      return unreachable(why, "failure");
  }
}
