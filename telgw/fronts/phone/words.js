// Every text of the page that depends on what happens: states, causes, errors, parties.

const STATES = {
  initiated: "Off hook",
  originated: "Dialling",
  delivered: "Ringing there",
  queued: "In queue",
  alerting: "Ringing",
  connected: "Connected",
  cleared: "Ended",
  failed: "Failed",
  hold: "On hold",
};

const CAUSES = {
  busy: "busy",
  conference: "joined in a conference",
  destNotObtainable: "number cannot be reached",
  droppedByOtherParty: "the other party hung up",
  heldByOtherParty: "put on hold by the other party",
  redirect: "diverted",
  retrievedByOtherParty: "taken back by the other party",
  transfer: "transferred",
  route: "routed by a service",
};

const ERRORS = {
  pbxlinkOutOfService: "The link to the telephone system is out of service.",
  pbxReject: "The telephone system refuses this.",
  pbxTimeout: "The telephone system did not answer in time.",
  noCall: "There is no call any more for which this can be done.",
  noOpenSession: "The gateway no longer follows this phone.",
  sessionLimitExceeded: "The gateway follows as many phones as it may.",
  reject: "The gateway does not accept this.",
  invalidCredentials: "User or password is wrong.",
  resourceError: "The gateway is overloaded. Please try again in a moment.",
};

/** The same when the phone cannot be followed at all. */
const REFUSED = {
  pbxReject: "The telephone system does not know this phone, or does not let it be followed.",
};

export const FORWARDS = {
  immediate: "All calls",
  busy: "When busy",
  noAnswer: "No answer",
  immInt: "All internal calls",
  immExt: "All external calls",
  busyInt: "Internal calls when busy",
  busyExt: "External calls when busy",
  noAnswerInt: "Internal calls, no answer",
  noAnswerExt: "External calls, no answer",
};

const CLOSED = {
  sessionClosedByAdmin: "The administrator has closed the session.",
  sessionClosedByTimeout: "The session had expired.",
  sessionClosedByMonitoringReject: "The telephone system no longer lets this phone be followed.",
  sessionClosedByClient: "Another page has closed the session.",
};

/** The state of one call in words. */
export function stateOf(part) {
  if (part.conference && part.state === "connected") return "In conference";
  if (part.state === "alerting" && part.outgoing) return "Lift your handset";
  return STATES[part.state] ?? part.state ?? "";
}

export function causeOf(part) {
  // said already: by the state, by the party who did it
  if (part.cause === "conference" && part.conference) return "";
  if (part.cause === "transfer" && part.lastRedirection) return "";
  return CAUSES[part.cause] ?? part.cause ?? "";
}

/** What became of a request. Anything that is no error of the protocol means that no answer came. */
export function errorText(error) {
  return ERRORS[error.code] ?? (error.code ? `The gateway answers: ${error.code}.` : "The gateway is not reachable. Please try again.");
}

/** The number as a person should see it. A number that is withheld comes as `*****-` and a reference. */
export function numberOf(party) {
  return party.number.startsWith("*****") ? "withheld" : party.number;
}

/** One line for a party: name before number. */
export function partyOf(party) {
  const number = numberOf(party);
  return party.name ? (number ? `${party.name} (${number})` : party.name) : number;
}

/** What a screen reader says when a call has changed. */
export function announce(part) {
  const who = partyOf(part.other).replace(/^withheld$/, "a withheld number");
  const cause = causeOf(part);
  const end = cause ? `, ${cause}` : "";
  if (part.state === "alerting" && !part.outgoing) return `Incoming call from ${who}${end}`;
  return `${who ? `Call with ${who}: ` : ""}${stateOf(part)}${end}`;
}

/** How the page stands: text in the head, text of the banner ("" = none). */
export function phaseText(phase, reason) {
  switch (phase) {
    case "live":
      return ["In service", ""];
    case "linkDown":
      return ["Link out of service", "The link to the telephone system is out of service. Calls are shown again when it is back."];
    case "unreachable":
      return ["Not reachable", "Gateway not reachable, trying again…"];
    case "refused":
      return ["Not followed", `${REFUSED[reason] ?? ERRORS[reason] ?? reason} Trying again…`];
    case "signIn":
      return ["Sign in", "This phone is followed only for users who have signed in."];
    default:
      return ["Connecting", reason ? `${CLOSED[reason] ?? reason} Opening it again…` : ""];
  }
}

/** Seconds as 0:42, 12:07 or 1:02:09. */
export function clockOf(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
