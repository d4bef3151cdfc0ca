import { find, setText } from "./dom.js"
import { IncidentChart } from "./incident-chart.js"
import { ask, pathOf } from "./server.js"
import { summaryWords } from "./state-words.js"
import { TokenRow } from "./token-row.js"

/** @import { TokenIncident } from "../../tokens/token-history.js" */
/** @import { TokenStatus } from "../../tokens/token-status.js" */

/** As many as the server keeps of each token. */
const MOST_INCIDENTS = 200
const TICK_MS = 1_000
const TICKS_A_CHART = 10

/** All tokens, in the order of their names. */
export class Board {
  /** @type {Map<string, TokenRow>} */
  #rows = new Map()
  #list = find(document, "#tokens", HTMLUListElement)
  #chart = new IncidentChart(find(document, "#activity-chart", HTMLElement))
  #ticks = 0

  constructor() {
    setInterval(() => this.#tick(), TICK_MS)
  }

  /** Takes everything as the server has it now: what it sends later begins with tokens, and tells no history. */
  async load() {
    /** @type {{ tokens: TokenStatus[] }} */
    const { tokens } = await (await ask("GET", "/tokens")).json()
    for (const name of this.#rows.keys()) {
      if (!tokens.some((token) => token.name === name)) this.remove(name)
    }
    for (const status of tokens) this.update(status)
    this.#showSummary()
    await Promise.all(tokens.map(({ name }) => this.#loadHistory(name)))
    this.#showActivity()
  }

  /** @param {TokenStatus} status */
  update(status) {
    const row = this.#rows.get(status.name)
    if (row === undefined) this.#add(new TokenRow(status))
    else row.update(status)
    this.#showSummary()
  }

  /** @param {string} name */
  remove(name) {
    const row = this.#rows.get(name)
    if (row === undefined) return
    if (row.element.contains(document.activeElement)) find(document, "#tokens-title", HTMLElement).focus()
    row.element.remove()
    this.#rows.delete(name)
    this.#showSummary()
    this.#showActivity()
  }

  /** @param {TokenIncident} incident */
  add(incident) {
    const row = this.#rows.get(incident.name)
    if (row === undefined) return
    row.incidents = [...row.incidents, incident].slice(-MOST_INCIDENTS)
    this.#showActivity()
  }

  clear() {
    for (const name of [...this.#rows.keys()]) this.remove(name)
  }

  /** @param {string} name */
  async #loadHistory(name) {
    /** @type {{ incidents: TokenIncident[] }} */
    const { incidents } = await (await ask("GET", pathOf(name, "/history"))).json()
    const row = this.#rows.get(name)
    if (row !== undefined) row.incidents = incidents
  }

  /** @param {TokenRow} row */
  #add(row) {
    const { name } = row.status
    const next = [...this.#rows.keys()].sort().find((other) => other > name)
    const after = next === undefined ? undefined : this.#rows.get(next)
    this.#list.insertBefore(row.element, after?.element ?? null)
    this.#rows.set(name, row)
  }

  #showSummary() {
    const statuses = [...this.#rows.values()].map(({ status }) => status)
    const count = `${statuses.length} token${statuses.length === 1 ? "" : "s"}`
    const bad = statuses.filter(({ lastError }) => lastError !== undefined).length
    setText(find(document, "#summary", HTMLElement), [count, ...summaryWords(statuses)].join(" · "))
    find(document, "#empty", HTMLElement).hidden = statuses.length > 0
    find(document, "#activity", HTMLElement).hidden = statuses.length === 0
    find(document, "#bar-legend", HTMLElement).hidden = statuses.length === 0
    document.title = bad === 0 ? "evertoken" : `(${bad}) evertoken`
  }

  #showActivity() {
    const incidents = [...this.#rows.values()].flatMap((row) => row.incidents)
    this.#chart.show(incidents.sort((a, b) => a.at - b.at))
  }

  #tick() {
    for (const row of this.#rows.values()) row.tick()
    this.#ticks += 1
    if (this.#ticks % TICKS_A_CHART === 0) this.#chart.draw()
  }
}
