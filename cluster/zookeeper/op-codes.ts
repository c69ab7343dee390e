/** What a request asks for: the number in its header, under ZooKeeper's names. */
export const OPCODES = {
  notification: 0,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  /** Servers ask it of themselves; from a client it is refused, with BADARGUMENTS. */
  deleteContainer: 20,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  createSession: -10,
  closeSession: -11,
  /** In a multi response: this part failed, or was not tried because another did. */
  error: -1,
} as const;

export type OpName = keyof typeof OPCODES;
export type OpCode = (typeof OPCODES)[OpName];

const NAMES: ReadonlyMap<number, OpName> = new Map(
  (Object.keys(OPCODES) as OpName[]).map((name) => [OPCODES[name], name]),
);

/** Undefined for a number that no operation has. */
export function opName(code: number): OpName | undefined {
  return NAMES.get(code);
}
