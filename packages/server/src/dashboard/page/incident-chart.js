import UPlot from "./uplot.js"
import { element } from "./dom.js"
import { serverNow } from "./server.js"
import { clockWords, lengthWords } from "./time-words.js"

/** @import { TokenIncident } from "../../tokens/token-history.js" */

const HEIGHT = 130
const SHORTEST_SPAN_MS = 10 * 60_000
const SECONDS_SHOWN_BELOW = 60
const TALLEST_EMPTY_S = 1
const DARK = matchMedia("(prefers-color-scheme: dark)")

/** What happened, over time: how long each renewal took, and when one failed. */
export class IncidentChart {
  #place
  #canvas = element("div", { role: "img" })
  /** @type {UPlot | undefined} */
  #plot
  /** @type {readonly TokenIncident[]} */
  #incidents = []
  #width = 0

  /** @param {Element} place */
  constructor(place) {
    this.#place = place
    place.append(this.#canvas)
    new ResizeObserver(() => this.#fit()).observe(place)
    DARK.addEventListener("change", () => this.#begin())
  }

  /** @param {readonly TokenIncident[]} incidents */
  show(incidents) {
    this.#incidents = incidents
    this.draw()
  }

  /** Anew, since time has passed. */
  draw() {
    this.#canvas.setAttribute("aria-label", chartWords(this.#incidents, serverNow()))
    this.#plot?.setData(this.#data())
  }

  #fit() {
    const width = Math.floor(this.#place.clientWidth)
    if (width === 0 || width === this.#width) return
    this.#width = width
    if (this.#plot === undefined) this.#begin()
    else this.#plot.setSize({ width, height: HEIGHT })
  }

  /** A canvas knows no style sheet: its colours are looked up. */
  #begin() {
    if (this.#width === 0) return
    this.#plot?.destroy()
    const colours = coloursOf(this.#place)
    const axis = { stroke: colours.text, ticks: { show: false }, font: "12px system-ui, sans-serif" }
    const grid = { stroke: colours.grid, width: 1 }
    this.#plot = new UPlot(
      {
        width: this.#width,
        height: HEIGHT,
        padding: [8, 22, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: true, range: () => this.#span() },
          y: { range: (_plot, _least, most) => [0, tall(most)] },
        },
        series: [{}, { paths: () => null, points: { show: false } }],
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 26,
            space: 70,
            values: (_plot, splits) => splits.map(timeLabel(splits)),
          },
          { ...axis, grid, size: 52, space: 36, values: (_plot, splits) => splits.map((seconds) => `${seconds} s`) },
        ],
        hooks: { draw: [(plot) => this.#mark(plot, colours)] },
      },
      this.#data(),
      this.#canvas,
    )
  }

  /** @returns {[number[], number[]]} in seconds, as the library has them. */
  #data() {
    const times = this.#incidents.map(({ at }) => at / 1_000)
    return [times, this.#incidents.map(({ tookMs }) => (tookMs ?? 0) / 1_000)]
  }

  /** @returns {[number, number]} */
  #span() {
    const now = serverNow()
    const first = Math.min(this.#incidents[0]?.at ?? now, now - SHORTEST_SPAN_MS)
    return [(first - (now - first) * 0.02) / 1_000, (now + (now - first) * 0.02) / 1_000]
  }

  /**
   * Each kind has a shape of its own.
   * @param {UPlot} plot
   * @param {Colours} colours
   */
  #mark(plot, colours) {
    const { ctx } = plot
    const unit = devicePixelRatio
    const ground = plot.valToPos(0, "y", true)
    ctx.save()
    ctx.lineCap = "round"
    // failures last: nothing hides them
    const inOrder = this.#incidents.toSorted((a, b) => Number(a.kind === "failed") - Number(b.kind === "failed"))
    for (const { at, kind, tookMs = 0 } of inOrder) {
      const x = plot.valToPos(at / 1_000, "x", true)
      const y = plot.valToPos(tookMs / 1_000, "y", true)
      if (kind === "renewed") stem(ctx, { x, y, ground, unit, colour: colours.renewed })
      else if (kind === "adopted") ring(ctx, { x, y: ground - 6 * unit, unit, colour: colours.renewed })
      else cross(ctx, { x, y: ground - 6 * unit, unit, colour: colours.failed })
    }
    ctx.restore()
  }
}

/** @typedef {{ text: string, grid: string, renewed: string, failed: string }} Colours */

/**
 * @param {Element} place
 * @returns {Colours}
 */
function coloursOf(place) {
  const style = getComputedStyle(place)
  /** @param {string} name */
  const colour = (name) => style.getPropertyValue(name).trim()
  return { text: colour("--muted"), grid: colour("--line"), renewed: colour("--good"), failed: colour("--bad") }
}

/** @typedef {{ x: number, y: number, unit: number, colour: string }} Mark */

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Mark & { ground: number }} mark
 */
function stem(ctx, { x, y, ground, unit, colour }) {
  ctx.strokeStyle = ctx.fillStyle = colour
  ctx.lineWidth = 1.5 * unit
  ctx.beginPath()
  ctx.moveTo(x, ground)
  ctx.lineTo(x, y)
  ctx.stroke()
  ctx.beginPath()
  ctx.arc(x, y, 3 * unit, 0, 2 * Math.PI)
  ctx.fill()
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Mark} mark
 */
function ring(ctx, { x, y, unit, colour }) {
  ctx.strokeStyle = colour
  ctx.lineWidth = 1.5 * unit
  ctx.beginPath()
  ctx.arc(x, y, 3 * unit, 0, 2 * Math.PI)
  ctx.stroke()
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Mark} mark
 */
function cross(ctx, { x, y, unit, colour }) {
  const arm = 4 * unit
  ctx.strokeStyle = colour
  ctx.lineWidth = 2 * unit
  ctx.beginPath()
  ctx.moveTo(x - arm, y - arm)
  ctx.lineTo(x + arm, y + arm)
  ctx.moveTo(x - arm, y + arm)
  ctx.lineTo(x + arm, y - arm)
  ctx.stroke()
}

/** @param {number | null} most */
function tall(most) {
  return Math.max(most ?? 0, TALLEST_EMPTY_S / 4) * 1.2
}

/** @param {readonly number[]} splits */
function timeLabel([first = 0, second = first]) {
  const seconds = second - first < SECONDS_SHOWN_BELOW
  return (/** @type {number} */ at) => clockWords(at * 1_000, { seconds })
}

/**
 * The chart, said.
 * @param {readonly TokenIncident[]} incidents
 * @param {number} now
 */
function chartWords(incidents, now) {
  const [first] = incidents
  if (first === undefined) return "Nothing has happened since the server began."
  /** @param {TokenIncident["kind"]} kind */
  const count = (kind) => incidents.filter((incident) => incident.kind === kind).length
  const counts = [
    plural(count("renewed"), "renewal"),
    ...(count("adopted") > 0 ? [`${count("adopted")} by another process`] : []),
    plural(count("failed"), "failure"),
  ]
  const slowestMs = Math.max(...incidents.map(({ tookMs }) => tookMs ?? 0))
  const slowest = slowestMs > 0 ? ` The slowest renewal took ${(slowestMs / 1_000).toFixed(1)} s.` : ""
  return `In the last ${lengthWords(now - first.at)}: ${counts.join(", ")}.${slowest}`
}

/**
 * @param {number} count
 * @param {string} what
 */
function plural(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`
}
