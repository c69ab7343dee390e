/** Data for a person's eyes: as text if it is one, else as bytes beside their characters. */
import { textOf } from "../../cluster/base/bytes.ts";

const BYTES_PER_LINE = 16;

/** The text, unless the bytes are none or would do something to a terminal. */
export function printableText(bytes: Uint8Array): string | undefined {
  try {
    const text = textOf(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    return /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Whole lines; nothing if there are no bytes. */
export function printable(bytes: Uint8Array): string {
  const text = printableText(bytes);
  if (text === undefined) return hexLines(bytes).join("");
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.byteLength; offset += BYTES_PER_LINE) {
    const part = [...bytes.subarray(offset, offset + BYTES_PER_LINE)];
    const digits = part.map((byte) => byte.toString(16).padStart(2, "0"));
    const left = digits
      .slice(0, BYTES_PER_LINE / 2)
      .join(" ")
      .padEnd(23);
    const right = digits
      .slice(BYTES_PER_LINE / 2)
      .join(" ")
      .padEnd(23);
    const shown = part.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    );
    const address = offset.toString(16).padStart(8, "0");
    lines.push(`${address}  ${left}  ${right}  |${shown.join("")}|\n`);
  }
  return lines;
}
