/**
 * How large what a client asks for may be. A frame between members has at most so many bytes (cluster/runtime), and what
 * does not fit into one can never be agreed on: it has to be refused where it comes in. What bounds it most is a promise.
 * It carries all that a member accepted behind its rows:
 *
 *   UNWRITTEN_BYTES_MAX    4 MiB   applied, and not yet in the rows: after a start it counts as merely accepted
 *   + 2 x in flight        8 MiB   of the leader, and left by one before it: BYTES_IN_FLIGHT_MAX, or one larger value
 *
 * which leaves some for the rest. (The row of a znode has a path, an ACL and data, each of a request of its own. So it
 * is at most three requests long, and fits too, because rows travel as payload.)
 */

/** Of a client's packet, without its size: jute.maxbuffer at most. */
export const REQUEST_BYTES_MAX = 4 << 20;
/** Of all identities of a client, which each of its requests carries. */
export const IDENTITY_BYTES_MAX = 16 << 10;
/** Of an entry as it stands in a batch: a request, the identities, and what is between them. */
export const ENTRY_BYTES_MAX = REQUEST_BYTES_MAX + 2 * IDENTITY_BYTES_MAX;
