/**
 * How a command asks the controller. Orders carry a random id that stays the same however often the question is sent, so
 * that they are carried out once (C2); who gave them is kept in the history.
 */
import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { Command } from "commander";
import { toHex } from "../cluster/base/bytes.ts";
import { isClusterError } from "../cluster/base/error.ts";
import { peerName } from "../cluster/base/ids.ts";
import { SILENT_LOG } from "../cluster/base/log.ts";
import { createPrng } from "../cluster/base/prng.ts";
import { ControllerClient } from "../cluster/coordination/controller-client.ts";
import { PATHS } from "../cluster/coordination/paths.ts";
import type { OsdMap } from "../cluster/map/osd-map.ts";
import {
  COMMAND_NAME_LENGTH_MAX,
  type Command as ControllerCommand,
} from "../cluster/message/command.ts";
import { type ControllerMessage, controllerRegistry } from "../cluster/message/controller.ts";
import { Messenger } from "../cluster/runtime/messenger.ts";
import { realClock } from "../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../cluster/runtime/tcp.ts";
import { type Tree, withTree } from "./coordinator.ts";
import { meantNames } from "./did-you-mean.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CommandError } from "./failure.ts";
import { type MapFlags, newestMap, takesMap } from "./newest-map.ts";
import { parseDuration } from "./option.ts";
import { print } from "./output.ts";
import { harmless } from "./table.ts";

/** An election takes a session's time and a second; somebody who types does not wait for much longer. */
const TIMEOUT_MS = 15_000;
const WIRE_VERSION = 1;

const UNANSWERED = "Check that kelp controller runs, and that this machine reaches it.";
const UNCERTAIN =
  "Whether it was done all the same is not known: look at kelp epochs before you repeat it.";

export interface ControllerFlags extends MapFlags {
  readonly timeout?: number;
}

export function takesController(command: Command): Command {
  return takesMap(command).option(
    "--timeout <duration>",
    "how long to wait for an answer (15s)",
    parseDuration,
  );
}

export type AnswerOf<Type extends ControllerMessage["type"]> = Extract<
  ControllerMessage,
  { readonly type: Type }
>;

/** What one command asks. */
export class Asking {
  readonly tree: Tree;
  readonly #client: ControllerClient;
  readonly #timeoutMs: number;

  constructor(tree: Tree, client: ControllerClient, timeoutMs: number) {
    this.tree = tree;
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  /** Throws what a person can do something about if the answer is another one. */
  async ask<Type extends ControllerMessage["type"]>(
    question: ControllerMessage,
    type: Type,
    timeoutMs = this.#timeoutMs,
  ): Promise<AnswerOf<Type>> {
    const answer = await this.#answerTo(question, timeoutMs);
    if (answer.type === type) return answer as AnswerOf<Type>;
    if (answer.type === "refused") throw new CommandError(EXIT_CODE.refused, answer.message);
    throw new CommandError(
      EXIT_CODE.failure,
      `the controller answers ${question.type} with ${answer.type}: it is of another version`,
    );
  }

  async order(command: ControllerCommand): Promise<AnswerOf<"commandDone">> {
    const requestId = `cli-${toHex(randomBytes(12))}`;
    const message = { type: "command", requestId, author: author(), command } as const;
    const answer = await this.#answerTo(message, this.#timeoutMs);
    if (answer.type === "commandDone") return answer;
    if (answer.type !== "refused") return await this.ask(message, "commandDone");
    const map = answer.code === "NOT_FOUND" ? await newestMap(this.tree.client) : undefined;
    const meant = map === undefined ? undefined : meantNames(map, command);
    const hint = meant === undefined ? "" : `\n  Did you mean ${meant}?`;
    throw new CommandError(EXIT_CODE.refused, `${answer.message}${hint}`);
  }

  map(): Promise<OsdMap> {
    return newestMap(this.tree.client);
  }

  async #answerTo(question: ControllerMessage, timeoutMs: number): Promise<ControllerMessage> {
    try {
      return await this.#client.request(question, { timeoutMs });
    } catch (error) {
      if (!isClusterError(error, "TIMEOUT")) throw error;
      const hint = question.type === "command" ? `${UNANSWERED}\n  ${UNCERTAIN}` : UNANSWERED;
      throw noAnswer(error, hint);
    }
  }
}

export async function withController<T>(
  flags: ControllerFlags,
  body: (asking: Asking) => Promise<T>,
): Promise<T> {
  return await withTree(flags, async (tree) => {
    const { client, key } = tree;
    const messenger = messengerOf(key);
    const path = PATHS.controller;
    const asked = new ControllerClient({ client, transport: messenger, path, clock: realClock });
    try {
      return await body(new Asking(tree, asked, flags.timeout ?? TIMEOUT_MS));
    } finally {
      await messenger.close(0);
    }
  });
}

/** Gives an order and prints what came of it. */
export async function ordered(flags: ControllerFlags, command: ControllerCommand): Promise<void> {
  await withController(flags, async (asking) => {
    await printDone(flags, await asking.order(command));
  });
}

export async function printDone(
  flags: ControllerFlags,
  { epoch, text, json }: AnswerOf<"commandDone">,
): Promise<void> {
  const found: unknown = json === undefined ? undefined : JSON.parse(json);
  await print(flags, {
    value: () => ({ epoch, text, found }),
    lines: () => [`epoch ${epoch}: ${harmless(text)}\n`],
  });
}

function messengerOf(clusterKey: Uint8Array): Messenger<ControllerMessage> {
  return new Messenger({
    identity: {
      name: peerName(`client.${toHex(randomBytes(8))}`),
      clusterKey,
      versionMin: WIRE_VERSION,
      versionMax: WIRE_VERSION,
      features: [],
      requiredFeatures: [],
    },
    registry: controllerRegistry,
    network: tcpNetwork,
    clock: realClock,
    log: SILENT_LOG,
    prng: createPrng(randomBytes(8).readBigUInt64LE()),
    randomBytes,
    handler: {
      receive: () => {},
      answer: async () => ({ message: { type: "notController" } }),
    },
    fail: (error) => {
      throw error;
    },
  });
}

function noAnswer(cause: Error, hint: string): CommandError {
  return new CommandError(EXIT_CODE.noAnswer, `${cause.message}\n  ${hint}`, { cause });
}

/** As people know each other: user@host. */
function author(): string {
  return `${userName()}@${hostname()}`.slice(0, COMMAND_NAME_LENGTH_MAX);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid${process.getuid?.() ?? ""}`; // A user without an entry, as containers have them.
  }
}
