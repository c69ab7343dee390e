/** How a session begins and who it speaks for. */
import { type Codec, record, type TypeOf } from "../wire/codec.ts";
import { bool, buffer, int, long, long64, ustring, vector } from "./jute.ts";

export const PROTOCOL_VERSION = 0;
export const PASSWORD_SIZE = 16;
/** In a request: no session yet. In a response: the session asked for is over. */
export const NO_SESSION = 0n;

/** The first packet has no header. Clients older than 3.4 end it before `readOnly`. */
const trailingBool: Codec<boolean | undefined> = {
  encode(out, value) {
    if (value !== undefined) bool.encode(out, value);
  },
  decode: (input) => (input.remaining === 0 ? undefined : bool.decode(input)),
};

export const connectRequest = record({
  protocolVersion: int,
  lastZxidSeen: long,
  timeOut: int,
  sessionId: long64,
  passwd: buffer,
  readOnly: trailingBool,
});
export type ConnectRequest = TypeOf<typeof connectRequest>;

export const connectResponse = record({
  protocolVersion: int,
  timeOut: int,
  sessionId: long64,
  passwd: buffer,
  readOnly: trailingBool,
});
export type ConnectResponse = TypeOf<typeof connectResponse>;

/** `type` is always 0. */
export const authPacket = record({ type: int, scheme: ustring, auth: buffer });

export const getSASLRequest = record({ token: buffer });
export const setSASLResponse = record({ token: buffer });

export const clientInfo = record({ authScheme: ustring, user: ustring });
export type ClientInfo = TypeOf<typeof clientInfo>;
export const whoAmIResponse = record({ clientInfo: vector(clientInfo) });
