// Single keys for calls. They can be switched off: people who speak to their computer would trigger them unwillingly.

const STORED = "telgw.phone.shortcuts";

function stored() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true; // a browser that stores nothing
  }
}

export class Shortcuts {
  #box;
  #calls;
  #dial;

  constructor(box, calls, dial) {
    this.#box = box;
    this.#calls = calls;
    this.#dial = dial;
    box.checked = stored();
    box.addEventListener("change", () => {
      try {
        localStorage.setItem(STORED, box.checked ? "on" : "off");
      } catch {
        // it holds for this page then
      }
    });
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (event.key === "Escape") {
      if (this.#calls.cards.some((card) => card.dismiss())) event.preventDefault();
      return;
    }
    if (!this.#box.checked || event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "/") this.#dial.focus();
    else if (!/^[a-z]$/.test(key) || !this.#calls.cards.some((card) => card.press(key))) return;
    event.preventDefault();
  }
}
