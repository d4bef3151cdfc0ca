// an index of PostgreSQL takes 2,704, with the type's name
const MOST_BYTES = 2_048
const HALF_A_CHARACTER = /\p{Surrogate}/u

/**
 * What is empty is most often missing: everybody without a name would share a row. No database takes a NUL, and in UTF-8 all
 * halves of characters are the same one: two users would share a row.
 * @throws TypeError
 */
export function checkedUserId(userId: unknown): string {
  if (typeof userId !== "string" || userId === "" || userId.includes("\0") || HALF_A_CHARACTER.test(userId)) {
    throw new TypeError("userId must be a text, not empty, without NUL characters, and well-formed Unicode")
  }
  if (Buffer.byteLength(userId) > MOST_BYTES) throw new TypeError(`userId must have at most ${MOST_BYTES} bytes`)
  return userId
}
