import { cut, pad, wrap, type Paint, type Style } from "./ansi.js"
import { lifeBar, type BarCharacters } from "./life-bar.js"
import type { Comment, Member, Scene } from "./scene.js"
import { counted, seconds, stopwatch } from "./wording.js"

export interface ViewSize {
  readonly columns: number
  readonly rows: number
}

export interface ViewStyle {
  readonly paint: Paint
  readonly bar: BarCharacters
}

const STATUS_STYLES: Readonly<Record<string, Style>> = { fresh: "green", stale: "yellow" }
const COLUMNS = { number: 9, token: 10, age: 8, status: 13, next: 9, from: 11 }
const FIXED_COLUMNS = Object.values(COLUMNS).reduce((sum, width) => sum + width)
const NARROWEST_BAR = 12

/** The whole picture: as many lines as the terminal has rows, none wider than it. */
export function viewLines(scene: Scene, size: ViewSize, style: ViewStyle): string[] {
  const { paint } = style
  const head = [
    title(size.columns, paint),
    "",
    issuerLine(scene, paint),
    "",
    paint("dim", row(HEADINGS, barHeading(barWidth(size)))),
    ...scene.members.map((member) => memberLine(member, scene.now, size, style)),
    legend(style),
    "",
  ]
  const foot = [paint("dim", totalsLine(scene))]
  const comments = commentLines(scene.comments, { ...size, rows: size.rows - head.length - foot.length - 1 }, paint)
  const gap = Array.from({ length: Math.max(1, size.rows - head.length - comments.length - foot.length) }, () => "")
  const lines = [...head, ...comments, ...gap, ...foot]
  return lines.slice(0, size.rows).map((line) => cut(line, size.columns))
}

function title(columns: number, paint: Paint): string {
  const left = "evertoken: many processes, one token"
  const right = "q quits"
  return paint("bold", left) + " ".repeat(Math.max(1, columns - left.length - right.length)) + paint("dim", right)
}

function issuerLine({ issuer, totals }: Scene, paint: Paint): string {
  const state = issuer.isUp ? paint("green", "up") : paint("red", "DOWN")
  return `issuer ${issuer.url} is ${state}; ${counted(totals.requests, "request")}, ${counted(totals.renewals, "token")} issued`
}

const HEADINGS = {
  number: "process",
  token: "token",
  age: "age",
  status: "status",
  next: "next try",
  from: "got it from",
}

function row(cells: Readonly<Record<keyof typeof COLUMNS, string>>, bar: string): string {
  const cell = (name: keyof typeof COLUMNS) => pad(cells[name], COLUMNS[name])
  return `${cell("number")}${cell("token")}${cell("age")}${cell("status")}${bar}${bar && "  "}${cell("next")}${cell("from")}`
}

function barWidth({ columns }: ViewSize): number {
  const left = columns - FIXED_COLUMNS - 2
  return left < NARROWEST_BAR ? 0 : Math.min(60, left)
}

/** None where it would not fit above the bar. */
function barHeading(width: number): string {
  const heading = "life of the token"
  return pad(heading.length > width ? "" : heading, width)
}

function memberLine({ number, life, report }: Member, now: number, size: ViewSize, style: ViewStyle): string {
  const { paint, bar: characters } = style
  const width = barWidth(size)
  const token = report?.token
  const blank = { number: String(number), token: "-", age: "-", next: "-", from: "-" }
  if (life === "killed") return row({ ...blank, status: paint("red", "killed") }, " ".repeat(width))
  if (!token) return row({ ...blank, status: paint("dim", report?.status ?? "starting") }, " ".repeat(width))
  const { nextRenewalAt, failedAttempts } = report
  const cells = {
    number: String(number),
    token: token.fingerprint,
    age: seconds(Math.max(0, now - token.issuedAt)),
    status: statusText(report.status, failedAttempts, paint),
    next: nextRenewalAt === undefined ? "now" : seconds(Math.max(0, nextRenewalAt - now)),
    from: token.from,
  }
  return row(cells, width === 0 ? "" : lifeBar(token, { now, nextRenewalAt }, { width, characters, paint }))
}

function statusText(status: string, failedAttempts: number, paint: Paint): string {
  const text = paint(STATUS_STYLES[status] ?? "red", status)
  return failedAttempts === 0 ? text : `${text} ${paint("red", `${failedAttempts}x`)}`
}

function legend({ paint, bar }: ViewStyle): string {
  const parts = [
    `${paint("bold", bar.now)} now`,
    `${paint("cyan", bar.renewal)} next try to renew`,
    `${paint("green", bar.fresh.repeat(3))} fresh`,
    `${paint("yellow", bar.stale.repeat(3))} stale: still good, to be renewed`,
  ]
  return paint("dim", parts.join("   "))
}

/** The latest, as many as there is room for; none is cut, but for the very last. */
function commentLines(comments: readonly Comment[], { columns, rows }: ViewSize, paint: Paint): string[] {
  const lines: string[] = []
  for (const comment of comments.toReversed()) {
    const isLatest = lines.length === 0
    const more = commentParagraph(comment, columns, (text) => (isLatest ? text : paint("dim", text)))
    if (!isLatest && more.length + lines.length > rows) break
    lines.unshift(...more.slice(0, Math.max(0, rows)))
  }
  return lines
}

function commentParagraph({ atMs, text }: Comment, columns: number, shade: (text: string) => string): string[] {
  const indent = 6
  const lines = wrap(text, columns - indent)
  return lines.map((line, part) => shade(pad(part === 0 ? stopwatch(atMs) : "", indent) + line))
}

function totalsLine({ totals }: Scene): string {
  const { reads, failedReads, adoptions } = totals
  return `${counted(reads, "read")}, ${failedReads} failed; ${counted(adoptions, "time")} a token was taken from the file`
}
