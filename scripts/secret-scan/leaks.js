// What must not be seen: canaries, in the ways in which a secret may be written, and signed tokens.
import { Buffer } from "node:buffer"

/** Pieces that a text has if it shows `canary` plainly, in hexadecimal digits, or in base64 with anything before it. */
function formsOf(canary) {
  const inBase64 = [0, 1, 2].map((shift) => {
    const text = Buffer.from("x".repeat(shift) + canary).toString("base64url")
    // the characters that share bits with what stands before or behind
    return text.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + canary.length) * 8) / 6))
  })
  return [canary, Buffer.from(canary).toString("hex"), ...inBase64]
}

/** Finds a canary, or a JWT with header and payload, in a text. Undefined: there is none. */
export function leakFinder(canary) {
  const forms = formsOf(canary)
  const jwt = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}/
  return (text) => {
    const form = forms.find((each) => text.includes(each))
    return form ?? jwt.exec(text)?.[0]
  }
}
