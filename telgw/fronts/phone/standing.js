// How the page stands with gateway and PBX: the word in the head, the banner, and the sign-in form when the gateway asks for it.

import { setText } from "./element.js";
import { phaseText } from "./words.js";

export class Standing {
  #session;
  #health;
  #banner;
  #form;

  constructor(root, session) {
    this.#session = session;
    this.#health = root.querySelector("#health");
    this.#banner = root.querySelector("#banner");
    this.#form = root.querySelector("#sign-in");
    session.addEventListener("phase", ({ detail }) => this.show(detail.phase, detail.reason));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { user, password } = this.#form.elements;
      session.signIn(user.value.trim(), password.value);
    });
    this.show(session.phase);
  }

  show(phase, reason) {
    const [health, banner] = phaseText(phase, reason);
    document.documentElement.dataset.phase = phase;
    setText(this.#health.querySelector(".text"), health);
    setText(this.#banner, banner);
    this.#signIn(phase);
  }

  #signIn(phase) {
    const { user, password } = this.#form.elements;
    const error = this.#form.querySelector(".error");
    if (phase === "live") {
      this.#form.hidden = true;
      password.value = "";
    } else if (phase === "signIn") {
      // asked before, and still asked: it was wrong
      setText(error, this.#form.hidden ? "" : "User or password is wrong.");
      const asked = !this.#form.hidden;
      this.#form.hidden = false;
      (asked ? password : user).focus();
    }
  }
}
