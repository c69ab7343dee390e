/** Requests about nodes and their answers. */
import { record, type TypeOf } from "../wire/codec.ts";
import { aclList } from "./acl.ts";
import {
  bool,
  buffer,
  int,
  long,
  long64,
  nullableUstring,
  presentUstring,
  ustring,
  vector,
} from "./jute.ts";

/** The `flags` of a create request. */
export const CREATE_FLAGS = {
  PERSISTENT: 0,
  EPHEMERAL: 1,
  PERSISTENT_SEQUENTIAL: 2,
  EPHEMERAL_SEQUENTIAL: 3,
  CONTAINER: 4,
  PERSISTENT_WITH_TTL: 5,
  PERSISTENT_SEQUENTIAL_WITH_TTL: 6,
} as const;

/** As an expected version: whatever it is. */
export const ANY_VERSION = -1;

export const stat = record({
  czxid: long,
  mzxid: long,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  /** A session id; 0 if the node is not ephemeral, also of containers and TTL nodes. */
  ephemeralOwner: long64,
  dataLength: int,
  numChildren: int,
  pzxid: long,
});
export type Stat = TypeOf<typeof stat>;

/*
 * Where a path is an `ustring`, a null is refused as the empty path is; a `presentUstring` stands
 * where the empty path is another name of the root, or where ZooKeeper tells the two apart.
 */
const pathAndWatch = record({ path: presentUstring, watch: bool });
const pathOnly = record({ path: presentUstring });
const statOnly = record({ stat });

/** Also of create2 and createContainer. */
export const createRequest = record({
  path: presentUstring,
  data: buffer,
  acl: aclList,
  flags: int,
});
export const createTTLRequest = record({
  path: presentUstring,
  data: buffer,
  acl: aclList,
  flags: int,
  ttl: long,
});
export const createResponse = pathOnly;
/** Also of createContainer and createTTL. */
export const create2Response = record({ path: ustring, stat });

export const deleteRequest = record({ path: presentUstring, version: int });
export const checkVersionRequest = record({ path: ustring, version: int });

export const existsRequest = pathAndWatch;
export const existsResponse = statOnly;

export const getDataRequest = pathAndWatch;
/** Also of reconfig: the configuration's node. */
export const getDataResponse = record({ data: buffer, stat });
export const setDataRequest = record({ path: ustring, data: buffer, version: int });
export const setDataResponse = statOnly;

export const getACLRequest = pathOnly;
export const getACLResponse = record({ acl: aclList, stat });
export const setACLRequest = record({ path: ustring, acl: aclList, version: int });
export const setACLResponse = statOnly;

export const getChildrenRequest = pathAndWatch;
export const getChildrenResponse = record({ children: vector(ustring) });
export const getChildren2Request = pathAndWatch;
export const getChildren2Response = record({ children: vector(ustring), stat });
/** Counts all that is below the path, not only its children. */
export const getAllChildrenNumberRequest = pathOnly;
export const getAllChildrenNumberResponse = record({ totalNumber: int });

export const getEphemeralsRequest = record({ prefixPath: ustring });
export const getEphemeralsResponse = record({ ephemerals: vector(ustring) });

/** The path is given back as it came, also a null. */
const anyPath = record({ path: nullableUstring });
export const syncRequest = anyPath;
export const syncResponse = anyPath;

/** Either joining and leaving servers, or all members; what is not given is null. */
export const reconfigRequest = record({
  joiningServers: nullableUstring,
  leavingServers: nullableUstring,
  newMembers: nullableUstring,
  curConfigId: long,
});
