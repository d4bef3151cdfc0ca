/** The names of those secrets of which something can be found in `content`: as they are, or in a common encoding. */
export function tracesIn(content: Buffer, secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => encodingsOf(secret).some((encoded) => content.includes(encoded)))
}

function encodingsOf(secret: string): readonly Buffer[] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString("hex")
  const texts = [hex, hex.toUpperCase(), ...[0, 1, 2].flatMap((offset) => base64Within(bytes, offset))]
  return [bytes, Buffer.from(secret, "utf16le"), ...texts.map((text) => Buffer.from(text))]
}

/** What is seen of it in the base64 of a longer text in which it begins at `offset`, modulo 3. */
function base64Within(bytes: Buffer, offset: number): readonly string[] {
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
  const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6)]
  return [shifted.toString("base64").slice(from, to), shifted.toString("base64url").slice(from, to)]
}
