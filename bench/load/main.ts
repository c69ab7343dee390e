/**
 * node dist/bench/load/main.js JSON: puts load on servers that speak ZooKeeper's protocol, from a
 * process of its own, and prints one JSON object. bench/paxos.ts starts it; a person can as well.
 *
 *   {"load":"steady","mode":"create","servers":[{"host":"127.0.0.1","port":2181}],...}
 *   {"load":"watch",...}     the fields of SteadyOptions and WatchOptions
 */
import { type SteadyOptions, steadyLoad } from "./steady-load.ts";
import { type WatchOptions, watchLoad } from "./watch-load.ts";

export type LoadRequest =
  | ({ readonly load: "steady" } & SteadyOptions)
  | ({ readonly load: "watch" } & WatchOptions);

const request: LoadRequest = JSON.parse(process.argv[2] ?? "null");
const result = await (request.load === "steady" ? steadyLoad(request) : watchLoad(request));
process.stdout.write(`${JSON.stringify(result)}\n`);
