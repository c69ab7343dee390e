/** Colours for a terminal, and none anywhere else. What a style means is said here once; tables and screens name styles. */

const STYLES = { good: 32, warning: 33, bad: 31, faint: 2, strong: 1 } as const;
export type Style = keyof typeof STYLES;

export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_, text) => text;

const inColour: Paint = (style, text) => `\x1b[${STYLES[style]}m${text}\x1b[0m`;

export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** As https://no-color.org asks: any value of NO_COLOR but an empty one means none. */
export function paintFor(screen: Screen, env: Readonly<Record<string, string | undefined>>): Paint {
  const { NO_COLOR: refused = "", TERM: terminal } = env;
  const takesColour = screen.isTTY === true && refused === "" && terminal !== "dumb";
  return takesColour ? inColour : plain;
}
