// The calls of the device: live ones as the gateway says, ended ones for a few seconds more.

import { CallCard } from "./call.js";
import { place } from "./element.js";
import { announce } from "./words.js";

const SHOWN_MS = 6000;
/** As long as the transition in phone.css. */
const FADING_MS = 600;

const parts = (call) => [call.prim, call.sec].filter(Boolean);
const over = (call) => parts(call).every((part) => part.state === "cleared");

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
    const live = calls.filter((call) => !over(call));
    for (const call of calls.filter(over)) this.#end(call);
    for (const id of [...this.#live.keys()]) {
      // gone without a word: the link was lost, or the gateway does not remember
      if (!live.some((call) => call.id === id)) this.#remove(this.#take(id));
    }
    for (const call of live) this.#showLive(call, live);
    place(this.#list, live.map((call) => this.#live.get(call.id).element));
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
    const before = card?.call;
    if (!card) {
      card = new CallCard(this.#session);
      this.#live.set(call.id, card);
    } else if (before.sec && !call.sec) {
      this.#partEnded(before, call, card);
    }
    card.update(call, live);
    const words = parts(call).map(announce).join(". ");
    if (this.#said.get(call.id) !== words) {
      this.#said.set(call.id, words);
      this.#say(words);
    }
  }

  /** One of the two calls of an element is over; a snapshot has only the other one. */
  #partEnded(before, now, card) {
    const present = new Set([now.prim, ...now.prim.added.map((other) => ({ other }))].map((part) => part.other.number));
    const gone = parts(before).filter((part) => !present.has(part.other.number));
    if (gone.length !== 1) return;
    const ended = { ...gone[0], state: "cleared", cause: undefined };
    this.#fade({ id: before.id, prim: ended, services: [] }, new CallCard(this.#session), card.element);
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
