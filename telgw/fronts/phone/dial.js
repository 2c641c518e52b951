// The dial field. A number that cannot be called stays in it; a new call is permitted at all times.

import { setAttribute, setText } from "./element.js";
import { errorText } from "./words.js";

export class DialField {
  #session;
  #input;
  #button;
  #error;
  #last = "";

  constructor(form, session) {
    this.#session = session;
    this.#input = form.querySelector("input");
    this.#button = form.querySelector("button");
    this.#error = form.querySelector(".error");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#dial();
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#clear();
      else if (event.key === "ArrowUp" && !this.#input.value && this.#last) {
        this.#input.value = this.#last;
        event.preventDefault();
      }
    });
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  #clear() {
    this.#input.value = "";
    setText(this.#error, "");
    // out of the field, so that the keys mean calls again
    this.#input.blur();
  }

  async #dial() {
    const number = this.#input.value.trim();
    if (!number || this.#button.getAttribute("aria-disabled") === "true") {
      this.#input.focus();
      return;
    }
    setText(this.#error, "");
    setAttribute(this.#button, "aria-disabled", "true");
    try {
      await this.#session.ask("makeCall", { calledDeviceNumber: number });
      this.#last = number;
      if (this.#input.value.trim() === number) this.#input.value = "";
      if (document.activeElement === this.#input) this.#input.blur();
    } catch (error) {
      setText(this.#error, `${number}: ${errorText(error)}`);
    } finally {
      setAttribute(this.#button, "aria-disabled", null);
    }
  }
}
