import { element } from "./dom.js"
import { clockWords, exactWords } from "./time-words.js"

/** @import { TokenIncident } from "../../tokens/token-history.js" */

const SHOWN = 8

/**
 * The chart, to be read.
 * @param {readonly TokenIncident[]} incidents Oldest first.
 * @returns {HTMLElement} newest first.
 */
export function incidentTable(incidents) {
  if (incidents.length === 0) return element("p", {}, ["Nothing has happened since the server began."])
  const heads = ["When", "What happened", "Took"].map((text) => element("th", { scope: "col" }, [text]))
  const rows = incidents.slice(-SHOWN).reverse().map(rowOf)
  return element("table", {}, [
    element("caption", {}, [`The last ${rows.length} of ${incidents.length}`]),
    element("thead", {}, [element("tr", {}, heads)]),
    element("tbody", {}, rows),
  ])
}

/** @param {TokenIncident} incident */
function rowOf(incident) {
  const { at, tookMs } = incident
  const moment = { datetime: new Date(at).toISOString(), title: exactWords(at) }
  const time = element("time", moment, [clockWords(at, { seconds: true })])
  return element("tr", { class: incident.kind }, [
    element("td", {}, [time]),
    element("td", {}, what(incident)),
    element("td", {}, [tookMs === undefined ? "" : `${(tookMs / 1_000).toFixed(2)} s`]),
  ])
}

/** @param {TokenIncident} incident */
function what({ kind, code }) {
  if (kind === "renewed") return ["Renewed"]
  if (kind === "adopted") return ["Renewed by another process, and taken over"]
  return ["Failed: ", element("code", {}, [code ?? "unknown"])]
}
