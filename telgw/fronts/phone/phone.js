// The web phone: one device, live. This module only connects the parts of the page.

import { CallList } from "./calls.js";
import { DialField } from "./dial.js";
import { Features } from "./features.js";
import { Session } from "./session.js";
import { Shortcuts } from "./shortcuts.js";
import { Standing } from "./standing.js";
import { TelServices } from "./telservices.js";
import { partyOf } from "./words.js";

const find = (selector) => document.querySelector(selector);

/** Speaks to those who do not see the page. What is said in one go is joined: a live region keeps only its last text. */
class Voice {
  #region;
  #waiting = [];

  constructor(region) {
    this.#region = region;
  }

  say(words) {
    if (!this.#waiting.length) {
      queueMicrotask(() => {
        this.#region.textContent = this.#waiting.join(". ");
        this.#waiting = [];
      });
    }
    this.#waiting.push(words);
  }
}

function choose() {
  const form = find("#choose");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const device = form.elements.device.value.trim();
    if (device) location.search = new URLSearchParams({ device });
  });
  form.elements.device.focus();
}

function run(device) {
  find("#device").textContent = device;
  find("#phone").hidden = false;
  const session = new Session(new TelServices(new URL("../telservices", import.meta.url)), device);
  const voice = new Voice(find("#voice"));
  const calls = new CallList(find("#calls"), find("#no-calls"), session, (words) => voice.say(words));
  const features = new Features(document, session);
  const dial = new DialField(find("#dial"), session);
  new Standing(document, session);
  new Shortcuts(find("#shortcuts"), calls, dial);

  session.addEventListener("snapshot", ({ detail }) => {
    calls.update(detail.calls);
    features.update(detail);
    const [party] = calls.ringing;
    document.title = party ? `Call from ${partyOf(party)} – ${device}` : `${device} – phone`;
  });
  addEventListener("pagehide", () => session.leave());
  // back from the browser's history, where the page was only put aside
  addEventListener("pageshow", (event) => event.persisted && session.start());
  for (const change of ["online", "offline"]) addEventListener(change, () => session.hurry());
  document.addEventListener("visibilitychange", () => !document.hidden && session.hurry());
  session.start();
}

const device = new URLSearchParams(location.search).get("device")?.trim();
if (device) run(device);
else choose();
