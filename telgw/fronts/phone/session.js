// The session of one device: opened, kept, followed by long polls, and opened again whenever it is lost.
//
// One loop asks one thing at a time. `step` is what it asks next:
//   open   openSession, then a snapshot at once
//   look   a snapshot at once, with the number of the last one: nothing that ended meanwhile is missed
//   wait   a snapshot as soon as something happens
// `phase` is what a person should know; every change of it is told by a "phase" event, every snapshot by a "snapshot" event.
// All clients at one address share the session: a page that closes it closes it for the other pages too, and they open it again.

import { GivenUp, Refused } from "./telservices.js";

const POLL_SECONDS = 25;
/** A browser that crashes holds the session no longer than this. Several polls long, so that a slow network does not lose it. */
const SESSION_SECONDS = 120;
/** A page that is loaded again is back before this. */
const CLOSE_SECONDS = 3;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 4000;
/** A gateway that answers, but with a refusal, will not change its mind so soon. */
const LONGEST_PAUSE_REFUSED = 15000;
/** How long an action waits for a session that has to be opened again. */
const REOPEN_WAIT = 5000;

export class Session extends EventTarget {
  #gateway;
  #seq;
  #step = "open";
  #credentials = {};
  #failures = 0;
  #running = null;
  /** Ends what the loop waits for now, an answer or a pause. */
  #wake = () => {};
  /** What is known of the link to the PBX, and how often that was told: an older answer must not overrule a newer one. */
  #link = "up";
  #linkNews = 0;

  constructor(gateway, device) {
    super();
    this.device = device;
    this.phase = "opening";
    this.#gateway = gateway;
  }

  start() {
    if (this.#running) return;
    this.#step = "open";
    const run = { stopped: false };
    this.#running = run;
    this.#loop(run);
  }

  /** The page goes away: leave the session to be closed in a moment. */
  leave() {
    if (!this.#running) return;
    this.#running.stopped = true;
    this.#running = null;
    this.#wake();
    this.#gateway.tell("closeSession", { deviceNumber: this.device, actualCloseSessionTimeout: CLOSE_SECONDS });
  }

  /** See at once how things stand: the network came or went, or somebody looks at the page again. */
  hurry() {
    if (this.phase === "signIn") return;
    if (this.#step === "wait") this.#step = "look";
    this.#wake();
  }

  /** Open the session with these credentials. */
  signIn(userID, userPassword) {
    this.#credentials = { userID, userPassword };
    this.#wake();
  }

  /**
   * A service for this device. A session that was lost is opened again and the service asked once more: it had not been done.
   * Throws Refused or Unreachable.
   */
  async ask(service, fields) {
    const request = { deviceNumber: this.device, ...fields };
    try {
      await this.#gateway.ask(service, request);
    } catch (error) {
      if (error.code !== "noOpenSession") throw error;
      await this.#reopened(error);
      await this.#gateway.ask(service, request);
    }
  }

  #reopened(error) {
    return new Promise((resolve, reject) => {
      const done = new AbortController();
      const end = (settle, value) => {
        done.abort();
        clearTimeout(timer);
        settle(value);
      };
      const timer = setTimeout(end, REOPEN_WAIT, reject, error);
      this.addEventListener("snapshot", () => end(resolve), done);
      this.addEventListener("phase", ({ detail }) => detail.error && end(reject, detail.error), done);
      this.#step = "open";
      this.#wake();
    });
  }

  async #loop(run) {
    while (!run.stopped) {
      try {
        if (this.#step === "open") await this.#open();
        if (run.stopped) return;
        const step = this.#step;
        const snapshot = await this.#snapshot(step === "wait" ? POLL_SECONDS : 0);
        if (run.stopped) return;
        // unless an action has found out meanwhile that the session is lost
        if (this.#step === step) this.#step = "wait";
        this.#failures = 0;
        this.#take(snapshot, step);
      } catch (error) {
        if (run.stopped) return;
        if (!(error instanceof GivenUp)) await this.#failed(error);
      }
    }
  }

  async #open() {
    this.#seq = undefined;
    await this.#gateway.ask("openSession", { deviceNumber: this.device, ...this.#credentials, sessionTimeout: SESSION_SECONDS });
    this.#step = "look";
    this.#link = "up";
  }

  async #snapshot(timeout) {
    const giveUp = new AbortController();
    this.#wake = () => giveUp.abort();
    const fields = { deviceNumber: this.device, resultOnEvent: { timeout, snapshotSeq: this.#seq } };
    try {
      return await this.#gateway.ask("snapshot", fields, { seconds: timeout + 10, signal: giveUp.signal });
    } finally {
      this.#wake = () => {};
    }
  }

  #take(snapshot, step) {
    this.#seq = snapshot.seq;
    const news = snapshot.session;
    if (news?.startsWith("sessionClosed")) {
      this.#step = "open";
      this.#enter("opening", news);
    } else if (news) {
      this.#linkNews += 1;
      this.#setLink(news === "pbxlinkOutOfService" ? "down" : "up");
    } else if (step !== "wait") {
      this.#setLink(this.#link);
      this.#askForLink();
    }
    this.dispatchEvent(new CustomEvent("snapshot", { detail: snapshot }));
  }

  #setLink(link) {
    this.#link = link;
    this.#enter(link === "up" ? "live" : "linkDown");
  }

  /**
   * A session that somebody else keeps can be joined while the link to the PBX is down, and nothing in the snapshot says so: only
   * the change is told. So ask the PBX something harmless.
   */
  async #askForLink() {
    const known = this.#linkNews;
    let link = "up";
    try {
      await this.#gateway.ask("queryMsgWaiting", { deviceNumber: this.device });
    } catch (error) {
      if (error.code === undefined) return;
      if (error.code === "pbxlinkOutOfService") link = "down";
    }
    if (known === this.#linkNews && link !== this.#link && ["live", "linkDown"].includes(this.phase)) this.#setLink(link);
  }

  async #failed(error) {
    this.#failures += 1;
    if (error instanceof Refused) {
      this.#step = "open";
      if (error.code === "noOpenSession") {
        // nothing to speak of, unless opening it did not help
        if (this.#seq !== undefined) return;
        this.#enter("opening", undefined, error);
      } else if (error.code === "invalidCredentials") {
        this.#enter("signIn", error.code, error);
        await this.#pause();
        return;
      } else {
        this.#enter(error.code === "pbxlinkOutOfService" ? "linkDown" : "refused", error.code, error);
      }
    } else {
      // the number of the last snapshot stays: what ended meanwhile is told when the gateway is back
      if (this.#step === "wait") this.#step = "look";
      this.#enter("unreachable", undefined, error);
    }
    const most = this.phase === "refused" ? LONGEST_PAUSE_REFUSED : LONGEST_PAUSE;
    const longest = Math.min(most, FIRST_PAUSE * 2 ** (this.#failures - 1));
    // many pages lose the gateway at the same moment; they should not all come back at the same moment
    await this.#pause(longest * (0.75 + Math.random() / 4));
  }

  async #pause(milliseconds) {
    let timer;
    await new Promise((resolve) => {
      this.#wake = resolve;
      if (milliseconds !== undefined) timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
    this.#wake = () => {};
  }

  #enter(phase, reason, error) {
    this.phase = phase;
    this.dispatchEvent(new CustomEvent("phase", { detail: { phase, reason, error } }));
  }
}
