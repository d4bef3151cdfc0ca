const INDENT = "  "

/** Text as indented lines of a width, in characters: a terminal would break it inside words. A word longer than that stays whole. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ""
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`
    if (line === "" || INDENT.length + longer.length <= width) line = longer
    else {
      lines.push(INDENT + line)
      line = word
    }
  }
  return [...lines, INDENT + line]
}
