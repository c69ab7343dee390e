/**
 * A process for shutdown.test.ts to end: it has one part in each phase, one more whose closing the
 * first argument describes, and says "ready" when it may be told to end.
 */
import { createLog } from "../../../cluster/runtime/pino-log.ts";
import { realClock } from "../../../cluster/runtime/real-clock.ts";
import { endOnSignals, PHASES, Shutdown } from "../../../cluster/runtime/shutdown.ts";

const log = createLog({ name: "test", level: "info" });
const shutdown = new Shutdown(log);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const [how] = process.argv.slice(2);
endOnSignals({ shutdown, process, clock: realClock, log });
for (const phase of [...PHASES].reverse()) {
  shutdown.register({ name: phase, phase, close: () => say(`closed ${phase}`) });
}
shutdown.register({
  name: "store",
  phase: "close stores",
  close: () => (how === "hang" ? new Promise(() => say("hanging")) : undefined),
});
// Something to live for until then, as a server would be.
const alive = setInterval(() => {}, 1_000);
shutdown.register({ name: "timer", phase: "stop accepting", close: () => clearInterval(alive) });

process.once("SIGUSR2", () => {
  if (how === "throw") throw new Error("thrown where nobody catches");
  void Promise.reject(new Error("rejected where nobody handles"));
});
say("ready");
