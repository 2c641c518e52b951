// From permittedServices to buttons, and from a button to the request that means exactly that call.
//
// A device may have several call elements. So every request names the other party (otherNumber, callingNumber), or both of them
// (primOtherNumber: that of the older call). A number that is withheld has a stand-in that the gateway takes back; a number that is
// empty (off hook, nothing dialled) is left out.

const HELD = "hold";

/** In the order of the buttons. `ask` is the question of a service that needs a number, `field` where the number goes. */
const SERVICES = {
  answerCall: { label: "Answer", key: "a", look: "go" },
  retrieveCall: { label: "Retrieve", key: "h" },
  holdCall: { label: "Hold", key: "h" },
  alternateCall: { label: "Alternate", key: "x" },
  transferCall: { label: "Transfer", key: "t" },
  conferenceCall: { label: "Conference", key: "f" },
  consultationCall: { label: "Consult", key: "c", ask: "Consult which number?", field: "consultedDeviceNumber" },
  divertCall: { label: "Divert", key: "v", ask: "Divert to which number?", field: "divertedDeviceNumber" },
  addPartyToCall: { label: "Add party", key: "p", ask: "Add which number?", field: "addedDeviceNumber" },
  reconnectCall: { label: "Reconnect", key: "r", hint: "Ends the active call and takes the held one back" },
  dropCall: { label: "Drop", key: "d", look: "stop" },
};
const ORDER = Object.keys(SERVICES);
const TWO_CALLS = new Set(["alternateCall", "transferCall", "conferenceCall", "reconnectCall"]);

const parts = (call) => (call.sec ? [call.prim, call.sec] : [call.prim]);
const number = (part) => part?.other.number || undefined;
const inState = (call, ...states) => parts(call).find((part) => states.includes(part.state));

/** Which call, or pair of calls, a service of this element can mean: for each the fields that say so, and the other party's number. */
function targets(service, call, calls) {
  const active = parts(call).find((part) => part.state !== HELD) ?? call.prim;
  switch (service) {
    case "answerCall":
      return [{ fields: { callingNumber: number(inState(call, "alerting")) } }];
    case "retrieveCall": {
      const held = parts(call).filter((part) => part.state === HELD);
      return held.map((part) => ({ fields: { otherNumber: number(part) }, party: part.other }));
    }
    case "consultationCall":
    case "holdCall":
      return [{ fields: { otherNumber: number(inState(call, "connected") ?? active) } }];
    case "divertCall":
      return [{ fields: { otherNumber: number(inState(call, "alerting", "queued", "connected") ?? active) } }];
    default:
      if (TWO_CALLS.has(service)) return pairs(service, call, calls);
      return [{ fields: { otherNumber: number(active) } }];
  }
}

function pairs(service, call, calls) {
  const fields = (prim, sec) => ({ primOtherNumber: number(prim), secOtherNumber: number(sec) });
  if (call.sec) return [{ fields: fields(call.prim, call.sec) }];
  const held = call.prim.state === HELD;
  const partners = calls.filter(
    (other) => other !== call && !other.sec && other.services.includes(service) && (other.prim.state === HELD) !== held,
  );
  if (!partners.length) return [{ fields: {} }];
  return partners.map((other) => {
    // the gateway lists the calls of a device oldest first
    const older = calls.indexOf(call) < calls.indexOf(other);
    return { fields: older ? fields(call.prim, other.prim) : fields(other.prim, call.prim), party: other.prim.other };
  });
}

/**
 * What a call element offers, in the order of its buttons: `{id, service, label, key, look, hint, ask, field, fields, party}`. `party`
 * is there only when the same service is offered for several calls. `calls` are all live elements, oldest first.
 *
 * A party can be added to a call that is connected or held; permittedServices has no word for it.
 */
export function offers(call, calls) {
  const adding = !call.sec && ["connected", HELD].includes(call.prim.state) ? ["addPartyToCall"] : [];
  const found = [];
  for (const service of ORDER) {
    if (!call.services.includes(service) && !adding.includes(service)) continue;
    const meant = targets(service, call, calls);
    for (const { fields, party } of meant) {
      const which = meant.length > 1 ? party : undefined;
      found.push({ ...SERVICES[service], id: `${service} ${which?.number ?? ""}`, service, fields, party: which });
    }
  }
  return found;
}
