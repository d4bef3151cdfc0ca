/** What an `authorization` header brings (RFC 6750, section 2.1). */
export function bearerIn(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1]
}
