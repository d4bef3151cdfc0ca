/** Those that were named, or all. A name that there is not ends the tool. */
export function chosen<T extends { readonly name: string }>(
  kind: string,
  all: readonly T[],
  names: readonly string[],
): readonly T[] {
  const unknown = names.find((name) => !all.some((one) => one.name === name))
  if (unknown !== undefined) {
    console.error(`there is no ${kind} ${unknown}\n--help tells which there are`)
    process.exit(2)
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
}
