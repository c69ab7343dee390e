/**
 * What a log line may contain. Fields come from everywhere (errors of libraries, requests of
 * clients), so what is written is a copy with three promises: no value under a name that means a
 * secret, or after one in a list, at any depth; a bounded size; and plain JSON, whatever was passed
 * (cycles, bytes, big integers, throwing getters).
 *
 * Names decide, not values: a secret inside a message cannot be seen here and must not be put
 * there.
 */
import { toHex } from "../base/bytes.ts";

export const TEXT_LENGTH_MAX = 4096;
export const BYTES_SHOWN_MAX = 32;
export const DEPTH_MAX = 8;
/** Of one object or array. */
export const ITEM_COUNT_MAX = 64;
/** Values in all the fields of one line. */
export const VALUE_COUNT_MAX = 1024;

export const REDACTED = "[redacted]";

/**
 * Matched against the name without case, dashes and underscores: `secretKey`,
 * `X-Amz-Security-Token`, `set-cookie`. Words that are rarely harmless count anywhere in a name;
 * "auth", "token" and "signature" only at its end, where they are not the beginning of an author or
 * of a count of tokens. What identifies a key and does not open anything stays readable.
 */
const SECRET_NAME = new RegExp(
  [
    "secret",
    "pass(word|wd|phrase|code)",
    "pwd",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "(api|auth|cluster|customer|(en|de)cryption|hmac|master|private|session|shared|signing)key" +
      "(?!(ids?|s?count|md5)$)",
    "(auth|authentication|signature|token)s?(value|header|string|text)?$",
  ].join("|"),
);
/** A text with a space in it is prose that mentions a secret. */
const NAME = /^[\w-]+$/;

export interface PrintedFields {
  [name: string]: unknown;
}

export function printFields(fields: Readonly<Record<string, unknown>>): PrintedFields {
  return new FieldPrinter().entries(fields, 0);
}

/** The text, or its beginning and how long it was. */
export function boundText(text: string): string {
  return text.length <= TEXT_LENGTH_MAX
    ? text
    : `${text.slice(0, TEXT_LENGTH_MAX)}... (${text.length} characters)`;
}

class FieldPrinter {
  #valueCount = 0;
  readonly #path = new Set<object>();

  entries(source: object, depth: number): PrintedFields {
    const names = Object.keys(source);
    const printed: [string, unknown][] = names.slice(0, ITEM_COUNT_MAX).map((name) => {
      const value = isSecretName(name) ? REDACTED : this.#property(source, name, depth);
      return [boundText(name), value];
    });
    if (names.length > ITEM_COUNT_MAX) printed.push(["...", `${names.length} fields`]);
    return Object.fromEntries(printed);
  }

  #property(source: object, name: string, depth: number): unknown {
    try {
      return this.#value((source as PrintedFields)[name], depth + 1);
    } catch {
      return "[unreadable]"; // A getter that throws must not stop what is being reported.
    }
  }

  #value(value: unknown, depth: number): unknown {
    this.#valueCount += 1;
    if (this.#valueCount > VALUE_COUNT_MAX) return "...";
    switch (typeof value) {
      case "string":
        return boundText(value);
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "bigint":
      case "symbol":
        return boundText(String(value));
      case "function":
        return "[function]";
      case "object":
        return value === null ? null : this.#object(value, depth);
      default:
        return value;
    }
  }

  #object(value: object, depth: number): unknown {
    if (ArrayBuffer.isView(value)) return printBytes(value);
    if (this.#path.has(value)) return "[circular]";
    if (depth > DEPTH_MAX) return "...";
    this.#path.add(value);
    try {
      return this.#composite(value, depth);
    } finally {
      this.#path.delete(value);
    }
  }

  #composite(value: object, depth: number): unknown {
    if (value instanceof Error) return this.#error(value, depth);
    if (Array.isArray(value) || value instanceof Set) return this.#items([...value], depth);
    if (value instanceof Map) {
      const named = Array.from(value, ([key, item]) => [String(key), item]);
      return this.entries(Object.fromEntries(named), depth);
    }
    // A type that says how it is shown (Date, URL, Secret) is believed, once.
    if ("toJSON" in value && typeof value.toJSON === "function") {
      const shown: unknown = value.toJSON();
      return shown === value ? "[circular]" : this.#value(shown, depth + 1);
    }
    return this.entries(value, depth);
  }

  /**
   * Headers and arguments come as flat lists too, where a value follows its name: what follows the
   * name of a secret is hidden, at whatever place.
   */
  #items(items: readonly unknown[], depth: number): unknown[] {
    const printed = items.slice(0, ITEM_COUNT_MAX).map((item, index) => {
      const before = items[index - 1];
      const isHidden = typeof before === "string" && NAME.test(before) && isSecretName(before);
      return isHidden ? REDACTED : (this.#value(item, depth + 1) ?? null);
    });
    if (items.length > ITEM_COUNT_MAX) printed.push(`... (${items.length} items)`);
    return printed;
  }

  /** Its own fields (code, syscall, address) too, and every error behind it. */
  #error(error: Error, depth: number): PrintedFields {
    const { cause } = error;
    return {
      type: error.name,
      message: boundText(error.message),
      stack: boundText(error.stack ?? ""),
      ...this.entries(error, depth),
      ...(cause === undefined ? {} : { cause: this.#value(cause, depth + 1) }),
      ...(error instanceof AggregateError ? { errors: this.#items(error.errors, depth) } : {}),
    };
  }
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.slice(0, TEXT_LENGTH_MAX).toLowerCase().replaceAll(/[-_]/g, ""));
}

function printBytes(view: ArrayBufferView): string {
  const shown = Math.min(view.byteLength, BYTES_SHOWN_MAX);
  const hex = toHex(new Uint8Array(view.buffer, view.byteOffset, shown));
  return `${hex}${shown < view.byteLength ? "..." : ""} (${view.byteLength} bytes)`;
}
