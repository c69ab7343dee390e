/** A controller's membership over a whole map: every edit is published at once, and time passes as the test says. */
import { present } from "../../../cluster/base/assert.ts";
import { type Epoch, epoch, osdId } from "../../../cluster/base/ids.ts";
import type { OsdInfo } from "../../../cluster/map/osd-info.ts";
import type { MapFlag, OsdMap } from "../../../cluster/map/osd-map.ts";
import { type BootMessage, bootRequested } from "../../../monitor/controller/boot.ts";
import type { EditResult, Refusal } from "../../../monitor/controller/edit.ts";
import {
  aliveReported,
  dueEdits,
  failureReported,
  type MembershipFacts,
  membershipFacts,
  probed,
  probesDue,
  registrationsListed,
  sessionSeen,
  timeMissed,
} from "../../../monitor/controller/membership.ts";
import type {
  MembershipOptions,
  MembershipRules,
} from "../../../monitor/controller/membership-options.ts";
import { createMembership, type Membership } from "../../../monitor/controller/membership-state.ts";
import type { Later } from "../../../monitor/controller/osd-rows.ts";
import type { ProbeResult } from "../../../monitor/controller/probes.ts";
import {
  type OsdMapWorldOptions,
  osdMapWorld,
  published,
} from "../../cluster/map/osd-map-world.ts";
import type { Tree } from "../../cluster/map/world.ts";

/** Twelve OSDs: two on each host, two hosts in each rack. */
export const TREE: Tree = { racks: 3, hosts: 2, osds: 2 };

export const DEFAULTS: MembershipOptions = {
  heartbeatGrace: 5_000,
  heartbeatGraceMax: 20_000,
  absenceInterval: 60_000,
  downOutInterval: 600_000,
  minInRatio: 0.75,
  downOutSubtreeLimit: "rack",
  markdownCountMax: 5,
  markdownPeriod: 600_000,
  crushUpdateOnStart: true,
};

export interface RunOptions {
  readonly tree?: Tree;
  readonly world?: OsdMapWorldOptions;
  readonly options?: Partial<MembershipOptions>;
  readonly rules?: MembershipRules;
}

export class MembershipRun {
  map: OsdMap;
  readonly state: Membership;
  nowMs = 1_000_000;
  /** What was published, oldest first. */
  readonly history: string[] = [];
  /** What the shell finds when it is told to probe; undefined: it has not finished. */
  probe: (osd: number) => ProbeResult | undefined = () => undefined;

  constructor({ tree = TREE, world = {}, options = {}, rules }: RunOptions = {}) {
    this.map = osdMapWorld(tree, world);
    this.state = createMembership({ ...DEFAULTS, ...options }, rules);
    const nonces = [...this.map.osds].filter(([, { up }]) => up);
    registrationsListed(this.state, new Map(nonces.map(([osd, { nonce }]) => [osd, { nonce }])));
    this.decide();
  }

  info(osd: number): OsdInfo {
    return present(this.map.osds.get(osdId(osd)), `osd.${osd}`);
  }

  get down(): number[] {
    return [...this.map.osds].filter(([, { up }]) => !up).map(([osd]) => osd);
  }

  get out(): number[] {
    return [...this.map.shares].filter(([, { weight }]) => weight === 0).map(([osd]) => osd);
  }

  get facts(): MembershipFacts {
    return membershipFacts(this.state, this.map, this.nowMs);
  }

  publish(edited: OsdMap): void {
    this.map = published(this.map, edited);
  }

  setFlags(...flags: MapFlag[]): void {
    this.publish({ ...this.map, flags: new Set(flags) });
  }

  /** Undefined: it is gone. */
  session(osd: number, nonce: number | undefined): void {
    sessionSeen(this.state, osdId(osd), nonce === undefined ? undefined : { nonce });
  }

  loseSessions(...osds: number[]): void {
    for (const osd of osds) this.session(osd, undefined);
    this.decide();
  }

  report(
    reporter: number,
    osd: number,
    given: { readonly kind?: "silent" | "refused"; silentMs?: number; upFrom?: Epoch } = {},
  ): Refusal | undefined {
    const { kind = "silent", silentMs = 6_000, upFrom = this.info(osd).upFrom } = given;
    const ids = { reporter: osdId(reporter), osd: osdId(osd) };
    return failureReported(this.state, this.map, { ...ids, upFrom, kind, silentMs }, this.nowMs);
  }

  alive(reporter: number, osd: number): Refusal | undefined {
    const ids = { reporter: osdId(reporter), osd: osdId(osd) };
    const { upFrom } = this.info(osd);
    return aliveReported(this.state, this.map, { ...ids, upFrom }, this.nowMs);
  }

  /** Whatever is due is published, each edit as an epoch; what was done. */
  decide(): string[] {
    for (const osd of probesDue(this.state, this.map, this.nowMs)) {
      const result = this.probe(osd);
      if (result !== undefined) probed(this.state, osd, result, this.nowMs);
    }
    const edits = dueEdits(this.state, { base: this.map, draft: this.map }, this.nowMs);
    const last = edits.at(-1);
    if (last !== undefined) this.publish(last.map);
    const done = edits.map(({ what }) => what);
    this.history.push(...done);
    return done;
  }

  /** A decision every half a second; all that was done. */
  pass(ms: number): string[] {
    const done: string[] = [];
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs = Math.min(this.nowMs + 500, endMs);
      done.push(...this.decide());
    }
    return done;
  }

  /** The same, while these peers of an OSD go on reporting it. */
  passWithReports(ms: number, osd: number, ...reporters: number[]): string[] {
    const done: string[] = [];
    for (let passedMs = 0; passedMs < ms; passedMs += 5_000) {
      for (const reporter of reporters) this.report(reporter, osd, { silentMs: 6_000 + passedMs });
      done.push(...this.pass(Math.min(5_000, ms - passedMs)));
    }
    return done;
  }

  /** The process is stopped; its first tick says so. */
  stall(ms: number): void {
    this.nowMs += ms;
    timeMissed(this.state, ms);
  }

  bootMessage(osd: number, given: Partial<BootMessage> = {}): BootMessage {
    const { uuid, address, heartbeatAddress, host, version } = this.info(osd);
    return {
      osd: osdId(osd),
      uuid,
      nonce: 2_000 + osd,
      address: address || "127.0.0.1:6800",
      heartbeatAddress: heartbeatAddress || "127.0.0.1:6801",
      host,
      deviceClass: "",
      bytes: 2 ** 40,
      version,
      epoch: this.map.epoch,
      cleanFrom: epoch(0),
      cleanTo: epoch(0),
      wasWronglyDown: false,
      ...given,
    };
  }

  /** The answer; an edit is published, also one that has to go before. The process registers first. */
  boot(osd: number, given: Partial<BootMessage> = {}): EditResult | Later {
    const message = this.bootMessage(osd, given);
    this.session(osd, message.nonce);
    return this.bootWithoutSession(osd, message);
  }

  bootWithoutSession(osd: number, given: Partial<BootMessage> = {}): EditResult | Later {
    const message = this.bootMessage(osd, given);
    const drafting = { base: this.map, draft: this.map };
    const result = bootRequested(this.state, drafting, message, this.nowMs);
    if (result.type === "edit") this.publish(result.map);
    if (result.type === "later" && result.first !== undefined) this.publish(result.first.map);
    this.decide();
    return result;
  }

  /** It goes down as people or a verdict could have it. */
  takeDown(...osds: number[]): void {
    const changed = osds.map((osd) => {
      const info: OsdInfo = { ...this.info(osd), up: false, downAt: epoch(this.map.epoch + 1) };
      return [osdId(osd), info] as const;
    });
    this.publish({ ...this.map, osds: new Map([...this.map.osds, ...changed]) });
    this.decide();
  }
}
