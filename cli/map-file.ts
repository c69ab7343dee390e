/** Reading a CRUSH map from a file, in whichever of its forms it is. */
import { readFileSync } from "node:fs";
import { decodeBinary } from "../crush/binary.ts";
import { CrushError } from "../crush/error.ts";
import { compileText } from "../crush/text.ts";
import type { CrushMap } from "../crush/types.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CommandError } from "./failure.ts";

/** Throws CommandError with the name of the file, where it cannot be read or is no map. */
export function readMapFile(file: string): CrushMap {
  try {
    const bytes = readFileSync(file);
    return looksBinary(bytes) ? decodeBinary(bytes) : compileText(bytes.toString("utf8"));
  } catch (error) {
    throw fileFailure(file, error);
  }
}

/** What went wrong with a file, for whoever gave it; a bug stays what it is. */
export function fileFailure(file: string, cause: unknown): unknown {
  const isExpected = cause instanceof CrushError || isSystemError(cause);
  if (!isExpected) return cause;
  return new CommandError(EXIT_CODE.failure, `${file}: ${cause.message}`, { cause });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** A text never has a zero byte, and a binary map starts with two. */
function looksBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).includes(0);
}
