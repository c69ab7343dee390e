/** A node as clients see it. */
import type { Stat } from "../../cluster/zookeeper/node-records.ts";
import { shownOwner } from "./owner.ts";
import { packedSize } from "./packed-bytes.ts";
import type { Tree } from "./state.ts";
import {
  AVERSION,
  CHILD_COUNT,
  CTIME,
  CVERSION,
  CZXID,
  MTIME,
  MZXID,
  OWNER,
  PZXID,
  VERSION,
  type ZnodeId,
} from "./znode.ts";

export function statOf({ znodes, settings }: Tree, id: ZnodeId): Stat {
  const numChildren = znodes.int(id, CHILD_COUNT);
  return {
    czxid: znodes.double(id, CZXID),
    mzxid: znodes.double(id, MZXID),
    ctime: znodes.double(id, CTIME),
    mtime: znodes.double(id, MTIME),
    version: znodes.int(id, VERSION),
    // Every creation of a child counts, and every removal: all but those still there were removed.
    cversion: (znodes.int(id, CVERSION) * 2 - numChildren) | 0,
    aversion: znodes.int(id, AVERSION),
    ephemeralOwner: shownOwner(znodes.double(id, OWNER), settings),
    dataLength: packedSize(znodes.data(id)),
    numChildren,
    pzxid: znodes.double(id, PZXID),
  };
}
