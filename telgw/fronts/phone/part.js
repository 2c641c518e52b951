// One call of a device as a row: state, party, who else had a hand in it, cause, and the clock that runs between two snapshots.

import { make, setText } from "./element.js";
import { causeOf, clockOf, numberOf, partyOf, stateOf } from "./words.js";

const RUNNING = new Set(["connected", "hold"]);

export class PartRow {
  #state = make("span", { class: "state" });
  #way = make("span", { class: "way" });
  #clock = make("span", { class: "clock", role: "timer", "aria-label": "Duration" });
  #name = make("span", { class: "name" });
  #number = make("span", { class: "number" });
  #others = make("p", { class: "others" });
  #cause = make("p", { class: "cause" });
  /** Milliseconds of the page's clock at which the call was connected, as far as is known; null while the clock stands. */
  #since = null;

  constructor(role) {
    this.element = make(
      "div",
      { class: "part", data: { role } },
      make("p", { class: "line" }, this.#state, this.#way, this.#clock),
      make("p", { class: "party" }, this.#name, this.#number),
      this.#others,
      this.#cause,
    );
  }

  update(part) {
    const number = numberOf(part.other);
    this.element.dataset.state = part.state;
    setText(this.#state, stateOf(part));
    setText(this.#way, part.outgoing ? "outgoing" : "incoming");
    setText(this.#name, part.other.name ?? "");
    setText(this.#number, number || (part.other.name ? "" : "no number yet"));
    this.#number.classList.toggle("absent", number === "withheld" || number === "");
    setText(this.#others, others(part).join(" · "));
    setText(this.#cause, causeOf(part));
    this.#setClock(part);
  }

  /** Whole seconds come from the gateway, so a running clock that is right to the second is left alone: it would only jump. */
  #setClock(part) {
    const latest = performance.now() - part.duration * 1000;
    if (!RUNNING.has(part.state)) {
      this.#since = null;
      setText(this.#clock, part.duration ? clockOf(part.duration) : "");
      return;
    }
    if (this.#since === null || this.#since > latest || this.#since <= latest - 1000) this.#since = latest;
    this.tick();
  }

  /** Show the time that has passed. */
  tick() {
    if (this.#since !== null) setText(this.#clock, clockOf(Math.floor((performance.now() - this.#since) / 1000)));
  }
}

/** Everybody else who is in the call, or was. */
function others(part) {
  const found = [];
  if (part.other.company) found.push(part.other.company);
  if (part.added.length) found.push(`with ${part.added.map(partyOf).join(", ")}`);
  if (part.firstCalled) found.push(`called ${partyOf(part.firstCalled)}`);
  if (part.lastRedirection) found.push(`${part.cause === "transfer" ? "transferred" : "sent on"} by ${partyOf(part.lastRedirection)}`);
  if (part.firstOther) found.push(`about ${partyOf(part.firstOther)}`);
  return found;
}
