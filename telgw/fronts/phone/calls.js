// The calls of the device: live ones as the gateway says, ended ones for a few seconds more.

import { CallCard } from "./call.js";
import { place } from "./element.js";
import { announce } from "./words.js";

const SHOWN_MS = 6000;
/** As long as the transition in phone.css. */
const FADING_MS = 600;

const parts = (call) => [call.prim, call.sec].filter(Boolean);
const over = (call) => parts(call).every((part) => part.state === "cleared");
/** The element with the calls that go on. */
function withoutCleared(call) {
  const [prim, sec] = parts(call).filter((part) => part.state !== "cleared");
  return { ...call, prim, sec };
}

export class CallList {
  #list;
  #empty;
  #session;
  #say;
  /** Call id -> card of a live call. An id is free again when its call has ended. */
  #live = new Map();
  /** What was said last of each live call. */
  #said = new Map();

  /** `say` speaks to those who do not see the page. */
  constructor(list, empty, session, say) {
    this.#list = list;
    this.#empty = empty;
    this.#session = session;
    this.#say = say;
    setInterval(() => this.#tick(), 250);
  }

  /** Show these call elements, oldest first; what ended is told among them once. */
  update(calls) {
    const live = new Map(calls.filter((call) => !over(call)).map((call) => [call.id, call]));
    for (const call of calls.filter(over)) this.#end(call);
    for (const id of [...this.#live.keys()]) {
      // gone without a word: the link was lost, or the gateway does not remember
      if (!live.has(id)) this.#remove(this.#take(id));
    }
    const before = new Map([...this.#live].map(([id, card]) => [id, card.call]));
    const shown = [...live.values()].map(withoutCleared);
    for (const call of shown) this.#showLive(call, shown);
    place(this.#list, shown.map((call) => this.#live.get(call.id).element));
    for (const call of live.values()) this.#showCleared(call, before.get(call.id));
    this.#empty.hidden = this.#list.childElementCount > 0;
  }

  /** The oldest live calls, the one with the focus before them: the order in which a key looks for its call. */
  get cards() {
    const cards = [...this.#live.values()];
    const focused = cards.find((card) => card.element.contains(document.activeElement));
    return focused ? [focused, ...cards.filter((card) => card !== focused)] : cards;
  }

  /** Parties of calls that ring, for the title of the page. */
  get ringing() {
    return [...this.#live.values()]
      .flatMap((card) => parts(card.call))
      .filter((part) => part.state === "alerting" && !part.outgoing)
      .map((part) => part.other);
  }

  #take(id) {
    const card = this.#live.get(id);
    this.#live.delete(id);
    this.#said.delete(id);
    return card;
  }

  #showLive(call, live) {
    let card = this.#live.get(call.id);
    if (!card) {
      card = new CallCard(this.#session);
      this.#live.set(call.id, card);
    }
    card.update(call, live);
    const words = parts(call).map(announce).join(". ");
    if (this.#said.get(call.id) !== words) {
      this.#said.set(call.id, words);
      this.#say(words);
    }
  }

  /**
   * One of the two calls of an element is over: the gateway says so and why, or the part is simply no longer there. (A party of a
   * conference was not lost but joined.)
   */
  #showCleared(call, before) {
    const card = this.#live.get(call.id);
    let gone = parts(call).filter((part) => part.state === "cleared");
    if (!gone.length && before?.sec && !call.sec) {
      const present = [call.prim.other, ...call.prim.added].map((party) => party.number);
      gone = parts(before).filter((part) => !present.includes(part.other.number));
      gone = gone.length === 1 ? [{ ...gone[0], state: "cleared", cause: undefined }] : [];
    }
    for (const part of gone) this.#fade({ id: call.id, prim: part, services: [] }, new CallCard(this.#session), card.element);
  }

  #end(call) {
    // a call that came and went between two snapshots has no card yet
    const card = this.#take(call.id) ?? new CallCard(this.#session);
    this.#fade(call, card);
  }

  #fade(call, card, neighbour) {
    card.update(call, []);
    card.element.classList.add("ended");
    if (!card.element.isConnected) {
      if (neighbour) neighbour.after(card.element);
      else this.#list.append(card.element);
    }
    this.#say(parts(call).map(announce).join(". "));
    setTimeout(() => card.element.classList.add("fading"), SHOWN_MS);
    setTimeout(() => this.#remove(card), SHOWN_MS + FADING_MS);
  }

  #remove(card) {
    if (card.element.contains(document.activeElement)) this.#list.focus();
    card.element.remove();
    this.#empty.hidden = this.#list.childElementCount > 0;
  }

  #tick() {
    for (const card of this.#live.values()) card.tick();
  }
}
