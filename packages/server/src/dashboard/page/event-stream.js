/**
 * @typedef {object} ServerEvent
 * @property {string} name
 * @property {string} data Empty: a sign of life.
 */

/**
 * Server-sent events (HTML Living Standard, section 9.2) in what a server sends, as they come. `EventSource` cannot send the header that the server asks for.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* eventsIn(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (rest + value).split("\n\n")
      rest = blocks.pop() ?? ""
      for (const block of blocks) yield eventOf(block)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** @param {string} block */
function eventOf(block) {
  const lines = block.split("\n")
  return { name: fieldIn(lines, "event"), data: fieldIn(lines, "data") }
}

/**
 * @param {readonly string[]} lines
 * @param {string} field
 */
function fieldIn(lines, field) {
  const prefix = `${field}: `
  const values = lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length))
  return values.join("\n")
}
