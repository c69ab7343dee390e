/** By what membership is judged: settings of the controller, under their names. Times are milliseconds. */

export interface MembershipOptions {
  /** So long a peer hears nothing of an OSD before that counts. */
  readonly heartbeatGrace: number;
  /** The most that wrong reports lengthen it to. */
  readonly heartbeatGraceMax: number;
  /** Without a session for so long an OSD goes down on that alone. */
  readonly absenceInterval: number;
  /** Down for so long, an OSD is marked out; 0 for never. */
  readonly downOutInterval: number;
  /** None is marked out where a smaller share of all OSDs would stay in. */
  readonly minInRatio: number;
  /** The least CRUSH type of which a whole one that is down is not marked out; another word for no limit. */
  readonly downOutSubtreeLimit: string;
  /** More downs than these within the period are flapping. */
  readonly markdownCountMax: number;
  readonly markdownPeriod: number;
  /** A booting OSD goes in CRUSH where its host is. */
  readonly crushUpdateOnStart: boolean;
}

/** What tests turn off, to see what goes wrong without it. */
export interface MembershipRules {
  /** C4: no OSD goes down on one witness's word. */
  readonly twoWitnesses: boolean;
}

export const ALL_RULES: MembershipRules = { twoWitnesses: true };
