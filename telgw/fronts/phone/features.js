// What is set at the device: do not disturb, message lamp, forwards. The page shows what the gateway says, never what was just asked.

import { make, place, setAttribute, setText } from "./element.js";
import { errorText, FORWARDS } from "./words.js";

export class Features {
  #session;
  #switch;
  #lamp;
  #list;
  #none;
  #form;
  #error;
  /** Forward type -> its row. */
  #rows = new Map();

  constructor(root, session) {
    this.#session = session;
    this.#switch = root.querySelector("#disturb");
    this.#lamp = root.querySelector("#lamp");
    this.#list = root.querySelector("#forwards");
    this.#none = root.querySelector("#no-forwards");
    this.#form = root.querySelector("#forward");
    this.#error = root.querySelector("#features-error");
    this.#switch.addEventListener("click", () => this.#toggle());
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    for (const [type, text] of Object.entries(FORWARDS)) this.#form.elements.type.append(make("option", { value: type, text }));
  }

  update(snapshot) {
    this.#switch.hidden = snapshot.doNotDisturb === undefined;
    setAttribute(this.#switch, "aria-checked", String(snapshot.doNotDisturb === "on"));
    this.#lamp.hidden = snapshot.messageWaiting === undefined;
    this.#lamp.dataset.state = snapshot.messageWaiting;
    setText(this.#lamp.querySelector(".text"), snapshot.messageWaiting === "on" ? "Message waiting" : "No messages");
    this.#showForwards(snapshot.forwards);
  }

  #showForwards(forwards) {
    for (const [type, row] of this.#rows) {
      if (forwards.some((forward) => forward.type === type)) continue;
      if (row.element.contains(document.activeElement)) this.#list.focus();
      row.element.remove();
      this.#rows.delete(type);
    }
    for (const forward of forwards) {
      if (!this.#rows.has(forward.type)) this.#rows.set(forward.type, this.#row(forward.type));
      const row = this.#rows.get(forward.type);
      row.number = forward.number;
      setText(row.target, forward.number);
      setAttribute(row.button, "aria-label", `Switch off: ${FORWARDS[forward.type] ?? forward.type} to ${forward.number}`);
    }
    place(this.#list, forwards.map((forward) => this.#rows.get(forward.type).element));
    this.#none.hidden = forwards.length > 0;
  }

  #row(type) {
    const target = make("span", { class: "number" });
    const button = make("button", { type: "button", class: "action", text: "Off" });
    const what = make("span", {}, make("span", { text: FORWARDS[type] ?? type }), " → ", target);
    const row = { target, button, number: "", element: make("li", { data: { type } }, what, button) };
    button.addEventListener("click", () => this.#ask(button, "forward", forwarding(type, row.number, "off")));
    return row;
  }

  #toggle() {
    const state = this.#switch.getAttribute("aria-checked") === "true" ? "off" : "on";
    return this.#ask(this.#switch, "doNotDisturb", { state: { [state]: null } });
  }

  async #submit(event) {
    event.preventDefault();
    const { type, number } = this.#form.elements;
    const wanted = number.value.trim();
    if (!wanted) {
      number.focus();
      return;
    }
    const done = await this.#ask(this.#form.querySelector("button"), "forward", forwarding(type.value, wanted, "on"));
    // a refused number stays to be corrected
    if (done && number.value.trim() === wanted) number.value = "";
  }

  /** Whether it was accepted. */
  async #ask(button, service, fields) {
    if (button.getAttribute("aria-disabled") === "true") return false;
    setText(this.#error, "");
    setAttribute(button, "aria-disabled", "true");
    try {
      await this.#session.ask(service, fields);
      return true;
    } catch (error) {
      setText(this.#error, `${service === "forward" ? "Forward" : "Do not disturb"}: ${errorText(error)}`);
      return false;
    } finally {
      setAttribute(button, "aria-disabled", null);
    }
  }
}

const forwarding = (type, number, state) => ({ info: { number, type: { [type]: null }, state: { [state]: null } } });
