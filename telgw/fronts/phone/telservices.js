// TelServices for a page: requests to XML, answers to plain objects, over HTTP POST.
//
// Requests are built as a document and then serialised, so that nothing a person types can become markup. Elements of an answer
// that this page does not know are passed over: a newer gateway may send more.

/** The gateway answered with one of the nine errors; `code` is its printed name. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** No answer that can be read: the gateway is stopped, the network is gone, something else answered. */
export class Unreachable extends Error {}

/** The caller gave the request up. */
export class GivenUp extends Error {}

// XML cannot carry these; somebody may paste them with a number.
const UNPRINTABLE = /[\u0000-\u001f\u007f\ud800-\udfff\ufffe\uffff]/gu;

function append(parent, name, value) {
  if (value === undefined) return;
  const element = parent.ownerDocument.createElementNS(null, name);
  if (value !== null && typeof value === "object") {
    for (const [child, inner] of Object.entries(value)) append(element, child, inner);
  } else if (value !== null) {
    element.textContent = String(value).replace(UNPRINTABLE, "");
  }
  parent.append(element);
}

/** The XML of a request. An object is a record in its own order, null an empty element, undefined is left out. */
export function encodeRequest(service, fields) {
  const xml = document.implementation.createDocument(null, "TelServiceRequest");
  append(xml.documentElement, service, fields);
  return new XMLSerializer().serializeToString(xml);
}

const child = (element, name) => [...(element?.children ?? [])].find((one) => one.localName === name);
const children = (element, name) => [...(element?.children ?? [])].filter((one) => one.localName === name);
const text = (element, name) => child(element, name)?.textContent.trim();
/** An enumeration is one empty element: its name is the value. */
const choice = (element, name) => child(element, name)?.firstElementChild?.localName;

function readParty(element) {
  if (!element) return undefined;
  return { number: text(element, "number") ?? "", name: text(element, "name"), company: text(element, "company") };
}

function readPart(element) {
  if (!element) return undefined;
  return {
    state: choice(element, "state"),
    other: readParty(child(element, "otherParty")) ?? { number: "" },
    added: [...(child(element, "addedParties")?.children ?? [])].map(readParty),
    firstOther: readParty(child(element, "firstOtherParty")),
    firstCalled: readParty(child(element, "firstCalledParty")),
    lastRedirection: readParty(child(element, "lastRedirectionParty")),
    duration: Number(text(element, "duration") ?? 0) || 0,
    outgoing: choice(element, "isOutgoing") === "true",
    conference: choice(element, "isConference") === "true",
    cause: choice(element, "cause"),
  };
}

function readCall(element) {
  return {
    id: text(element, "id"),
    prim: readPart(child(element, "primCall")),
    sec: readPart(child(element, "secCall")),
    services: [...(child(element, "permittedServices")?.children ?? [])].map((one) => one.localName),
    extraData: text(element, "extraData"),
  };
}

function readForward(element) {
  return { number: text(element, "number") ?? "", type: choice(element, "type"), state: choice(element, "state") };
}

function readSnapshot(element) {
  const seq = text(element, "snapshotSeq");
  return {
    seq,
    calls: children(child(element, "calls"), "call").map(readCall).filter((call) => call.prim),
    forwards: children(child(element, "forwards"), "forward").map(readForward).filter((forward) => forward.state !== "off"),
    messageWaiting: choice(element, "msgWaiting"),
    doNotDisturb: choice(element, "doNotDisturb"),
    session: choice(element, "session"),
  };
}

/** The snapshot in an answer, or null when the answer is only that all went well. Throws Refused or Unreachable. */
export function decodeReturn(xml) {
  const root = new DOMParser().parseFromString(xml, "text/xml").documentElement;
  if (root.localName !== "TelServiceReturn") throw new Unreachable("that was no TelServices answer");
  const error = child(root, "error");
  if (error) throw new Refused(error.firstElementChild?.localName ?? "reject");
  const snapshot = child(child(root, "result"), "snapshot");
  return snapshot ? readSnapshot(snapshot) : null;
}

/** The gateway, as an address to post requests to. */
export class TelServices {
  constructor(url) {
    this.url = url;
  }

  /**
   * Ask and read the answer. A request without an answer after `seconds` counts as unreachable: a connection that has died in
   * somebody's sleep says nothing by itself. `signal` gives it up.
   */
  async ask(service, fields, { seconds = 15, signal } = {}) {
    const silence = AbortSignal.timeout(seconds * 1000);
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "text/xml; charset=UTF-8" },
        body: encodeRequest(service, fields),
        cache: "no-store",
        signal: signal ? AbortSignal.any([signal, silence]) : silence,
      });
      if (!response.ok) throw new Unreachable(`status ${response.status}`);
      return decodeReturn(await response.text());
    } catch (error) {
      if (error instanceof Refused || error instanceof Unreachable) throw error;
      if (signal?.aborted) throw new GivenUp();
      throw new Unreachable(String(error));
    }
  }

  /** Ask when the page goes away: sent even though nobody waits for the answer. */
  tell(service, fields) {
    return navigator.sendBeacon(this.url, new Blob([encodeRequest(service, fields)], { type: "text/xml; charset=UTF-8" }));
  }
}
