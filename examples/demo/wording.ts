import type { Totals } from "./scene.js"

const WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"]

/** `4` is `"four"`. */
export function inWords(count: number): string {
  return WORDS[count] ?? String(count)
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `3217` milliseconds are `"3.2 s"`. */
export function seconds(lengthMs: number): string {
  return `${(lengthMs / 1000).toFixed(1)} s`
}

/** `"1 request"`, `"12,345 reads"`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`
}

/** Minutes and seconds: `"0:07"`. */
export function stopwatch(elapsedMs: number): string {
  const whole = Math.floor(elapsedMs / 1000)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`
}

/** What the demo has shown, in numbers. */
export function summaryLines({ renewals, requests, adoptions, reads, failedReads }: Totals): string[] {
  return [
    `${counted(renewals, "token")} issued, for ${counted(requests, "request")} to the issuer`,
    `${counted(adoptions, "time")} a process took a token from the file instead of asking`,
    `${counted(reads, "read")} of the current token, ${failedReads.toLocaleString("en")} of them failed`,
  ]
}
