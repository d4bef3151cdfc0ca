import type { Spread } from "./statistics.js"

/** With two digits, or as many as it has before the point: more of them are noise. */
export function digits(figure: number): string {
  if (!Number.isFinite(figure)) return "–"
  if (Math.abs(figure) >= 99.5) return figure.toLocaleString("en", { maximumFractionDigits: 0 })
  return String(Number(figure.toPrecision(2)))
}

/** Nanoseconds, in the unit that suits them. */
export function time(nanoseconds: number): string {
  const size = Math.abs(nanoseconds)
  if (size < 1e3) return `${digits(nanoseconds)} ns`
  if (size < 1e6) return `${digits(nanoseconds / 1e3)} µs`
  return size < 1e9 ? `${digits(nanoseconds / 1e6)} ms` : `${digits(nanoseconds / 1e9)} s`
}

/** `1.02×` */
export function times({ median }: Spread): string {
  return `${median < 9.995 ? median.toFixed(2) : digits(median)}×`
}

/** `3.1 µs (2.9 – 3.4)` */
export function spread({ median, low, high }: Spread, unit: (figure: number) => string): string {
  return `${unit(median)} (${unit(low)} – ${unit(high)})`
}

/** Bytes, in the unit that suits them. */
export function bytes(count: number): string {
  if (Math.abs(count) < 1e3) return `${Math.round(count)} B`
  return Math.abs(count) < 1e6 ? `${digits(count / 1e3)} kB` : `${digits(count / 1e6)} MB`
}
