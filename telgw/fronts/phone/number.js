// The question for a number that some services ask, inline in the call.

import { make } from "./element.js";

let count = 0;

export class NumberForm {
  #input;

  /** `submit` is called with the number, `cancel` when the question is taken back. */
  constructor(offer, submit, cancel) {
    count += 1;
    const id = `number-${count}`;
    /** What the number is for; renewed when the call changes. */
    this.offer = offer;
    /** The number is on its way. */
    this.pending = false;
    this.#input = make("input", { id, type: "text", inputmode: "tel", autocomplete: "off", spellcheck: "false", required: true });
    this.element = make(
      "form",
      {
        class: "ask",
        novalidate: true,
        on: {
          submit: (event) => {
            event.preventDefault();
            const number = this.#input.value.trim();
            if (number) submit(number);
            else this.focus();
          },
        },
      },
      make("label", { for: id, text: offer.ask }),
      this.#input,
      make("button", { type: "submit", class: "action go", text: offer.label }),
      make("button", { type: "button", class: "action", text: "Cancel", on: { click: cancel } }),
    );
  }

  focus() {
    this.#input.focus();
  }
}
