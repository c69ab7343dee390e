/**
 * The messages that a process understands. Each has a name, which is its `type` in the program, and
 * a number, which is its type on the wire:
 *
 *   const prepare = versioned(1, record({ ballot: u53 }));
 *   const registry = createRegistry({ prepare: { id: 0x0101, body: prepare } });
 *   type Message = MessageOf<typeof registry>; // { type: "prepare", ballot: number }
 *
 * A number is never used for anything else again; a message changes by a new version of its body.
 */
import { type VariantOf, type Variants, VariantTable } from "./codec.ts";
import { Reader } from "./reader.ts";
import type { Versioned } from "./versioned.ts";
import type { Writer } from "./writer.ts";

/** The numbers below are the transport's own. */
export const FIRST_MESSAGE_ID = 0x0100;
const LAST_MESSAGE_ID = 0xffff;

export interface Registry<Message> {
  /** Writes the message's control part and returns the number that tells what it is. */
  encode(out: Writer, message: Message): number;
  /**
   * Throws CodecError if the number is unknown here or the bytes are not exactly one such message.
   */
  decode(id: number, control: Uint8Array): Message;
}

export type MessageOf<R> = R extends Registry<infer Message> ? Message : never;

type Messages = Variants & Readonly<Record<string, { readonly body: Versioned<object> }>>;

export function createRegistry<const M extends Messages>(messages: M): Registry<VariantOf<M>> {
  const table = new VariantTable(messages, FIRST_MESSAGE_ID, LAST_MESSAGE_ID);
  return {
    encode(out, message) {
      const { id, body } = table.of(message);
      body.encode(out, message);
      return id;
    },
    decode(id, control) {
      const input = new Reader(control);
      const message = table.decode(id, input);
      if (input.remaining > 0) {
        throw input.fail("TRAILING", `${message.type}: ${input.remaining} bytes after the end`);
      }
      return message as VariantOf<M>;
    },
  };
}
