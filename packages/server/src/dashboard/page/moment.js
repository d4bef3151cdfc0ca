import { element, setText } from "./dom.js"
import { serverNow } from "./server.js"
import { exactWords, relativeWords } from "./time-words.js"

/** A place for words and a time, which goes on: `renews in 12 min`. The exact time is in its title. */
export class Moment {
  #place
  #words = element("span")
  #time = element("time")
  /** @type {number | undefined} */
  #at

  /** @param {Element} place */
  constructor(place) {
    this.#place = place
    place.append(this.#words)
  }

  /**
   * @param {string} words
   * @param {number} [at]
   */
  write(words, at) {
    setText(this.#words, at === undefined ? words : `${words} `)
    if (at !== this.#at) this.#set(at)
    this.tick()
  }

  tick() {
    if (this.#at !== undefined) setText(this.#time, relativeWords(this.#at, serverNow()))
  }

  /** @param {number | undefined} at */
  #set(at) {
    this.#at = at
    this.#time.remove()
    if (at === undefined) return
    this.#time.setAttribute("datetime", new Date(at).toISOString())
    this.#time.title = exactWords(at)
    this.#place.append(this.#time)
  }
}
