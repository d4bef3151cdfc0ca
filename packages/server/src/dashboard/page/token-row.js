import { announce } from "./announcer.js"
import { element, find, setText } from "./dom.js"
import { IncidentChart } from "./incident-chart.js"
import { incidentTable } from "./incident-table.js"
import { isTime, LifeBar } from "./life-bar.js"
import { revoke } from "./revoke-dialog.js"
import { ask, pathOf, Problem, serverNow } from "./server.js"
import { SignInDialog } from "./sign-in-dialog.js"
import { besidesWords, stateWords } from "./state-words.js"
import { Moment } from "./moment.js"
import { troubleOf } from "./trouble.js"

/** @import { TokenIncident } from "../../tokens/token-history.js" */
/** @import { TokenStatus } from "../../tokens/token-status.js" */

/** One token on the board: how it is doing, and what can be done. */
export class TokenRow {
  element = find(clone(), "li", HTMLLIElement)
  /** @type {TokenStatus} */
  #status
  /** @type {readonly TokenIncident[]} */
  #incidents = []
  /** @type {Problem | undefined} */
  #problem
  #bar = new LifeBar(find(this.element, ".bar", SVGElement))
  #next = new Moment(find(this.element, ".next", HTMLElement))
  #end = new Moment(find(this.element, ".end", HTMLElement))
  #trouble = find(this.element, ".trouble", HTMLElement)
  /** @type {Moment | undefined} */
  #failedAt
  #history = find(this.element, ".history", HTMLElement)
  /** @type {IncidentChart | undefined} */
  #chart
  #buttons = {
    signIn: find(this.element, "button.sign-in", HTMLButtonElement),
    refresh: find(this.element, "button.refresh", HTMLButtonElement),
    revoke: find(this.element, "button.revoke", HTMLButtonElement),
    more: find(this.element, "button.more", HTMLButtonElement),
  }

  /** @param {TokenStatus} status */
  constructor(status) {
    this.#status = status
    const { name } = status
    setText(find(this.element, "h3", HTMLElement), name)
    for (const unseen of this.element.querySelectorAll("button .unseen")) unseen.textContent = ` ${name}`
    this.#history.id = `history-${name}`
    this.#buttons.more.setAttribute("aria-controls", this.#history.id)
    this.#buttons.refresh.addEventListener("click", () => void this.#refresh())
    this.#buttons.signIn.addEventListener("click", () => void this.#signIn())
    this.#buttons.revoke.addEventListener("click", () => revoke(this.#status))
    this.#buttons.more.addEventListener("click", () => this.#toggleHistory())
    this.#show()
  }

  get status() {
    return this.#status
  }

  /** @param {TokenStatus} status */
  update(status) {
    const before = this.#status
    this.#status = status
    const { word } = stateWords(status)
    if (word !== stateWords(before).word) announce(`${status.name}: ${word}`)
    if (status.lastError === undefined && before.lastError !== undefined) this.#problem = undefined
    SignInDialog.noted(status)
    this.#show()
  }

  get incidents() {
    return this.#incidents
  }

  /** @param {readonly TokenIncident[]} incidents Oldest first. */
  set incidents(incidents) {
    this.#incidents = incidents
    if (!this.#history.hidden) this.#showHistory()
  }

  /** Time has passed. */
  tick() {
    const now = serverNow()
    const { nextRenewalAt, expiresAt, isRenewing, attempts } = this.#status
    this.#bar.draw(this.#status, now)
    if (isRenewing) this.#next.write("renewing now")
    else if (!isTime(nextRenewalAt)) this.#next.write("no attempt is due")
    else if (nextRenewalAt <= now) this.#next.write("an attempt is due")
    else this.#next.write(attempts > 0 ? "next attempt" : "renews", nextRenewalAt)
    if (!isTime(expiresAt)) this.#end.write(isTime(this.#status.issuedAt) ? "does not expire" : "no token")
    else this.#end.write(expiresAt > now ? "expires" : "expired", expiresAt)
    this.#failedAt?.tick()
  }

  #show() {
    const status = this.#status
    const { grant, issuer } = status
    const { word, glyph, tone } = stateWords(status)
    const where = issuer === undefined ? [] : [new URL(issuer).host]
    setText(find(this.element, ".facts", HTMLElement), [grant.replaceAll("_", " "), ...where].join(" · "))
    this.element.dataset["tone"] = tone
    setText(find(this.element, ".word", HTMLElement), word)
    setText(find(this.element, ".besides", HTMLElement), besidesWords(status))
    find(this.element, ".state use", SVGElement).setAttribute("href", `#glyph-${glyph}`)
    this.#showButtons()
    this.#failedAt = troubleOf(this.#trouble, status, this.#problem)
    this.tick()
  }

  #showButtons() {
    const { canSignIn, status, issuedAt, isRenewing } = this.#status
    const isForPerson = status === "reauthentication-required" || status === "signed-out"
    this.#buttons.signIn.hidden = !canSignIn
    this.#buttons.signIn.classList.toggle("primary", isForPerson)
    setDisabled(this.#buttons.refresh, isRenewing || (isForPerson && canSignIn))
    setDisabled(this.#buttons.revoke, !isTime(issuedAt))
  }

  async #refresh() {
    const { refresh } = this.#buttons
    if (isDisabled(refresh)) return
    setDisabled(refresh, true)
    await this.#trying(async () => {
      await ask("POST", pathOf(this.#status.name, "/refresh"))
      announce(`${this.#status.name}: renewed`)
    })
    this.#showButtons()
  }

  #signIn() {
    return this.#trying(() => SignInDialog.open(this.#status.name))
  }

  /** @param {() => Promise<void>} action */
  async #trying(action) {
    this.#problem = undefined
    try {
      await action()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.#problem = error
      announce(`${this.#status.name}: ${error.words}`)
    }
    this.#show()
  }

  #toggleHistory() {
    const isShown = this.#history.hidden
    this.#history.hidden = !isShown
    this.#buttons.more.setAttribute("aria-expanded", String(isShown))
    if (isShown) this.#showHistory()
  }

  #showHistory() {
    if (this.#chart === undefined) {
      const place = element("div", { class: "chart" })
      this.#history.append(element("p", { class: "facts" }, [factsWords(this.#status)]), place, element("div"))
      this.#chart = new IncidentChart(place)
    }
    this.#chart.show(this.#incidents)
    this.#history.lastElementChild?.replaceChildren(incidentTable(this.#incidents))
  }
}

/**
 * What the configuration says of it.
 * @param {TokenStatus} status
 */
function factsWords({ clientId, scope, store, isEncrypted, issuer }) {
  const kept = `kept in ${store}, ${isEncrypted ? "encrypted" : "not encrypted"}`
  return [...(issuer ? [issuer] : []), `client ${clientId}`, ...(scope ? [`scope ${scope}`] : []), kept].join(" · ")
}

function clone() {
  return document.importNode(find(document, "#token-row", HTMLTemplateElement).content, true)
}

/**
 * It stays where the keyboard finds it, and says that it does nothing now.
 * @param {HTMLButtonElement} button
 * @param {boolean} isOff
 */
function setDisabled(button, isOff) {
  button.setAttribute("aria-disabled", String(isOff))
}

/** @param {HTMLButtonElement} button */
function isDisabled(button) {
  return button.getAttribute("aria-disabled") === "true"
}
