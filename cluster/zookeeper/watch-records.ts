/** Watches: setting them, setting them again at another server, and what they tell. */
import { record, type TypeOf } from "../wire/codec.ts";
import { int, long, presentUstring, ustring, vector } from "./jute.ts";

export const EVENT_TYPES = {
  none: -1,
  nodeCreated: 1,
  nodeDeleted: 2,
  nodeDataChanged: 3,
  nodeChildrenChanged: 4,
  dataWatchRemoved: 5,
  childWatchRemoved: 6,
  persistentWatchRemoved: 7,
} as const;
export type EventType = keyof typeof EVENT_TYPES;

/** The `state` of an event. Servers send only SyncConnected and ConnectedReadOnly. */
export const KEEPER_STATES = {
  Disconnected: 0,
  SyncConnected: 3,
  AuthFailed: 4,
  ConnectedReadOnly: 5,
  SaslAuthenticated: 6,
  Expired: -112,
  Closed: 7,
} as const;

/** The `mode` of addWatch. Both last until they are removed. */
export const ADD_WATCH_MODES = {
  persistent: 0,
  persistentRecursive: 1,
} as const;
export type AddWatchMode = keyof typeof ADD_WATCH_MODES;

/** The `type` of removeWatches and checkWatches. Persistent watches are among `any`. */
export const WATCHER_TYPES = {
  children: 1,
  data: 2,
  any: 3,
} as const;
export type WatcherType = keyof typeof WATCHER_TYPES;

export const addWatchRequest = record({ path: ustring, mode: int });
export const checkWatchesRequest = record({ path: presentUstring, type: int });
export const removeWatchesRequest = record({ path: ustring, type: int });

const paths = vector(presentUstring, { isPresent: true });
/** A null among these is a watch that waits for nothing. */
const lenientPaths = vector(ustring, { isPresent: true });

/**
 * What changed after `relativeZxid` is told at once. An exist watch is one that was set where no
 * node was.
 */
export const setWatches = record({
  relativeZxid: long,
  dataWatches: paths,
  existWatches: paths,
  childWatches: paths,
});
export const setWatches2 = record({
  relativeZxid: long,
  dataWatches: paths,
  existWatches: paths,
  childWatches: paths,
  persistentWatches: lenientPaths,
  persistentRecursiveWatches: paths,
});
export type SetWatches2 = TypeOf<typeof setWatches2>;

export const watcherEvent = record({ type: int, state: int, path: ustring });
export type WatcherEvent = TypeOf<typeof watcherEvent>;

const EVENT_NAMES: ReadonlyMap<number, EventType> = new Map(
  (Object.keys(EVENT_TYPES) as EventType[]).map((name) => [EVENT_TYPES[name], name]),
);

export function eventTypeOf(type: number): EventType | undefined {
  return EVENT_NAMES.get(type);
}
