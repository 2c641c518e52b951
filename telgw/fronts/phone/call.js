// One call element: one or two calls of the device, its buttons, the question for a number, and what went wrong.

import { make, place, setAttribute, setText } from "./element.js";
import { NumberForm } from "./number.js";
import { PartRow } from "./part.js";
import { offers } from "./services.js";
import { errorText, partyOf } from "./words.js";

const READING_MS = 4000;

export class CallCard {
  #session;
  #prim = new PartRow("prim");
  #sec = null;
  #data = make("p", { class: "data" });
  #buttons = make("div", { class: "buttons", role: "group", "aria-label": "Actions" });
  #error = make("p", { class: "error", role: "alert", hidden: true });
  /** Offer id -> its button. */
  #shown = new Map();
  #offers = [];
  #form = null;
  /** When the last error was shown. */
  #complained = 0;

  constructor(session) {
    this.#session = session;
    // no tab stop, but a place for the focus when the button that had it is gone
    this.element = make("article", { class: "call", tabindex: "-1" }, this.#prim.element, this.#data, this.#buttons, this.#error);
  }

  /** Show the call. `calls` are all live elements of the device, oldest first. */
  update(call, calls) {
    this.call = call;
    this.element.dataset.call = call.id;
    const states = [call.prim.state, call.sec?.state].filter(Boolean);
    const state = states.find((one) => one !== "hold") ?? "hold";
    // an error is of yesterday when the call has moved on, but whoever made the request must have had time to read it
    if (state !== this.element.dataset.state && performance.now() - this.#complained > READING_MS) setText(this.#error, "");
    this.element.dataset.state = state;
    this.element.setAttribute("aria-label", `Call with ${partyOf(call.prim.other) || "nobody yet"}`);
    this.#prim.update(call.prim);
    if (call.sec && !this.#sec) {
      this.#sec = new PartRow("sec");
      this.#prim.element.after(this.#sec.element);
    } else if (!call.sec && this.#sec) {
      this.#sec.element.remove();
      this.#sec = null;
    }
    this.#sec?.update(call.sec);
    setText(this.#data, call.extraData ? `Data: ${call.extraData}` : "");
    this.#offers = offers(call, calls);
    this.#showButtons();
    this.#reviewForm();
  }

  tick() {
    this.#prim.tick();
    this.#sec?.tick();
  }

  /** Do what the key stands for, if this call offers it. */
  press(key) {
    const offer = this.#offers.find((one) => one.key === key);
    if (offer) this.#choose(offer.id);
    return Boolean(offer);
  }

  /** Close the question for a number, if it is open; back to the button that asked it. */
  dismiss() {
    if (!this.#form) return false;
    const button = this.#shown.get(this.#form.offer.id);
    this.#closeForm();
    button?.focus();
    return true;
  }

  #complain(text) {
    setText(this.#error, text);
    this.#complained = performance.now();
  }

  #showButtons() {
    const had = document.activeElement;
    const lost = this.#buttons.contains(had);
    for (const [id, button] of this.#shown) {
      if (this.#offers.some((offer) => offer.id === id)) continue;
      button.remove();
      this.#shown.delete(id);
    }
    for (const offer of this.#offers) {
      if (!this.#shown.has(offer.id)) this.#shown.set(offer.id, this.#button(offer));
    }
    place(this.#buttons, this.#offers.map((offer) => this.#shown.get(offer.id)));
    this.#buttons.hidden = !this.#offers.length;
    // not to the next button: whoever presses twice would do what he did not want
    if (lost && !had.isConnected) this.element.focus();
  }

  #button(offer) {
    const label = offer.party ? `${offer.label} ${partyOf(offer.party)}` : offer.label;
    return make(
      "button",
      {
        type: "button",
        class: `action ${offer.look ?? ""}`,
        title: offer.hint,
        "aria-keyshortcuts": offer.key,
        data: { service: offer.service },
        on: { click: () => this.#choose(offer.id) },
      },
      make("span", { text: offer.ask ? `${label}…` : label }),
      make("kbd", { text: offer.key, "aria-hidden": "true" }),
    );
  }

  #choose(id) {
    const offer = this.#offers.find((one) => one.id === id);
    if (!offer) return;
    if (offer.ask) this.#openForm(offer);
    else this.#perform(offer, {});
  }

  #openForm(offer) {
    if (this.#form?.offer.id !== offer.id) {
      this.#closeForm();
      this.#form = new NumberForm(offer, (number) => this.#perform(this.#form.offer, { [offer.field]: number }), () => this.dismiss());
      this.#buttons.after(this.#form.element);
    }
    this.#form.focus();
  }

  #closeForm() {
    const focused = this.#form?.element.contains(document.activeElement);
    this.#form?.element.remove();
    this.#form = null;
    if (focused) this.element.focus();
  }

  /** The question stays open while its service is offered; the call it means may have got another party. */
  #reviewForm() {
    if (!this.#form) return;
    const offer = this.#offers.find((one) => one.id === this.#form.offer.id);
    if (offer) {
      this.#form.offer = offer;
      return;
    }
    const unsent = !this.#form.pending;
    this.#closeForm();
    if (unsent) this.#complain("The call has changed; this is no longer possible.");
  }

  async #perform(offer, extra) {
    const button = this.#shown.get(offer.id);
    if (button?.getAttribute("aria-disabled") === "true") return;
    this.#complain("");
    // not `disabled`: that would take the focus away
    setAttribute(button, "aria-disabled", "true");
    if (this.#form) this.#form.pending = true;
    try {
      await this.#session.ask(offer.service, { ...offer.fields, ...extra });
      if (this.#form?.offer.id === offer.id) this.#closeForm();
    } catch (error) {
      this.#complain(`${offer.label}: ${errorText(error)}`);
    }
    if (this.#form) this.#form.pending = false;
    setAttribute(button, "aria-disabled", null);
  }
}
