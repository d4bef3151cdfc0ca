import type { StoredToken } from "evertoken"
import type { HeldRequest } from "./held-issuer.js"

/** Presentations that the design forbids: as if for the first time, or again by somebody who has not sent it. */
export function forbiddenIn(requests: readonly HeldRequest[]): readonly string[] {
  return requests.flatMap((request, index) => {
    const { how, token, process } = request
    const earlier = requests.slice(0, index).filter((each) => each.token === token && each.response?.status !== 429)
    const isForbidden =
      (how === "first" && earlier.length > 0) || (how === "repeat" && !earlier.some((each) => each.process === process))
    return isForbidden ? [`${process} presents ${token} as ${how}`] : []
  })
}

/** What the records that a store held one after the other have lost. */
export function lossesIn(records: readonly (StoredToken | undefined)[]): readonly string[] {
  return records.flatMap((record, index) => {
    const before = records[index - 1]
    if (before === undefined) return []
    if (record === undefined) return ["the store is empty"]
    const [from, to] = [before.version.generation, record.version.generation]
    if (to < from) return [`generation ${from} goes back to ${to}`]
    if (to === from && record.version.id !== before.version.id) return [`generation ${to} is written twice`]
    const isBack = before.token === undefined && record.token !== undefined
    return isBack && record.version.lineage === before.version.lineage ? [`a sign-out is undone by ${to}`] : []
  })
}
