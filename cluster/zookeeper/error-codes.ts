/** What a reply's header says about how the request went, under ZooKeeper's names. */
export const ERRORS = {
  OK: 0,
  SYSTEMERROR: -1,
  RUNTIMEINCONSISTENCY: -2,
  DATAINCONSISTENCY: -3,
  CONNECTIONLOSS: -4,
  MARSHALLINGERROR: -5,
  UNIMPLEMENTED: -6,
  OPERATIONTIMEOUT: -7,
  BADARGUMENTS: -8,
  UNKNOWNSESSION: -12,
  NEWCONFIGNOQUORUM: -13,
  RECONFIGINPROGRESS: -14,
  APIERROR: -100,
  NONODE: -101,
  NOAUTH: -102,
  BADVERSION: -103,
  NOCHILDRENFOREPHEMERALS: -108,
  NODEEXISTS: -110,
  NOTEMPTY: -111,
  SESSIONEXPIRED: -112,
  INVALIDCALLBACK: -113,
  INVALIDACL: -114,
  AUTHFAILED: -115,
  SESSIONMOVED: -118,
  NOTREADONLY: -119,
  EPHEMERALONLOCALSESSION: -120,
  NOWATCHER: -121,
  REQUESTTIMEOUT: -122,
  RECONFIGDISABLED: -123,
  SESSIONCLOSEDREQUIRESASLAUTH: -124,
  QUOTAEXCEEDED: -125,
  THROTTLEDOP: -127,
} as const;

export type ErrorName = keyof typeof ERRORS;
export type ErrorCode = (typeof ERRORS)[ErrorName];

/** For a person: what it means and what to do. */
export const ERROR_MEANINGS: Readonly<Record<ErrorName, string>> = {
  OK: "no error",
  SYSTEMERROR: "the server failed in a way that it has no name for; its log says more",
  RUNTIMEINCONSISTENCY:
    "in a multi: not done, because an earlier part of it failed; see that part's error",
  DATAINCONSISTENCY: "the server's data contradict each other; see its log before it is used on",
  CONNECTIONLOSS:
    "the connection ended before the answer; the request may or may not have had an effect",
  MARSHALLINGERROR: "the server could not read the request; client and server may not fit together",
  UNIMPLEMENTED: "the server does not know or does not allow this operation",
  OPERATIONTIMEOUT: "the operation took too long; it may or may not have had an effect",
  BADARGUMENTS: "the request makes no sense, as a path that is none does; correct it",
  UNKNOWNSESSION: "the server does not know the session",
  NEWCONFIGNOQUORUM:
    "too few servers of the new configuration are there and up to date; start them first",
  RECONFIGINPROGRESS: "another change of the configuration is under way; try again when it is done",
  APIERROR: "the request was refused for a reason that has no name",
  NONODE: "there is no such node; create it, and its parents first",
  NOAUTH: "the node's ACL does not allow this; authenticate as somebody who may",
  BADVERSION: "the node was changed meanwhile; read it again and decide anew",
  NOCHILDRENFOREPHEMERALS: "the parent is ephemeral, and such a node can have no children",
  NODEEXISTS: "the node exists already",
  NOTEMPTY: "the node has children; delete them first",
  SESSIONEXPIRED: "the session is over and its ephemeral nodes are gone; start a new one",
  INVALIDCALLBACK: "the client asked for a callback that does not exist",
  INVALIDACL: "the ACL is empty or names an unknown scheme or an impossible id; correct it",
  AUTHFAILED: "the server did not accept the credentials",
  SESSIONMOVED: "the session goes on at another server; this connection of it is over",
  NOTREADONLY: "the server has no quorum and can only be read from; try again later",
  EPHEMERALONLOCALSESSION: "a session that only its server knows can have no ephemeral nodes",
  NOWATCHER: "there is no such watch",
  REQUESTTIMEOUT: "the servers did not agree in time; it may or may not have had an effect",
  RECONFIGDISABLED: "changing the configuration is not enabled on the server",
  SESSIONCLOSEDREQUIRESASLAUTH: "the server wants clients to authenticate, and this one did not",
  QUOTAEXCEEDED: "a quota on the path or above it is used up; delete something or raise it",
  THROTTLEDOP: "the server has too much to do and did not carry this out; try again later",
};

const NAMES: ReadonlyMap<number, ErrorName> = new Map(
  (Object.keys(ERRORS) as ErrorName[]).map((name) => [ERRORS[name], name]),
);

/** Undefined for a number that a server newer than this table may send. */
export function errorName(code: number): ErrorName | undefined {
  return NAMES.get(code);
}
