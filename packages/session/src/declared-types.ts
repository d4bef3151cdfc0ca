import type { TokenSource } from "evertoken"
import { z } from "zod"
import { cookieNameOf } from "./cookie/cookie-name.js"
import type { TokenRows } from "./database/token-rows.js"
import { TokenTable } from "./database/token-table.js"
import type { TokenStrategy } from "./token-strategy.js"
import type { TokenTypes } from "./token-types.js"

/** As in a cookie's name, and a column's value. */
const NAME = /^[a-z][\w-]{0,62}$/i

const cookie = z.strictObject({
  strategy: z.literal("cookie"),
  renewedBy: z.string().optional(),
  format: z.enum(["signed", "opaque"]).optional(),
  name: z.string().optional(),
  sameSite: z.enum(["strict", "lax", "none"]).optional(),
  idleTimeoutMs: z.number().int().nonnegative().optional(),
})

const kept = { strategy: z.literal("database"), source: withMethods<TokenSource>("getToken").optional() }
const table = z.instanceof(TokenTable, { error: "must be a table such as postgresTable(pool)" })
const rows = withMethods<TokenRows>("load", "save", "remove")
const database = z.union(
  [
    z.strictObject({ ...kept, table, rows: z.undefined().optional() }),
    z.strictObject({ ...kept, rows, table: z.undefined().optional() }),
  ],
  { error: "needs a table such as postgresTable(pool), or rows: { load, save, remove }, and perhaps a source" },
)

const virtual = z.strictObject({ strategy: z.literal("virtual"), of: z.array(z.string()).min(1) })

const own = z.strictObject({ strategy: withMethods<TokenStrategy>("get", "set", "delete") })

export type DeclaredCookie = z.infer<typeof cookie>
export type DeclaredDatabase = z.infer<typeof database>

/** What the application has declared, checked and sorted. */
export interface DeclaredTypes {
  readonly cookies: ReadonlyMap<string, DeclaredCookie>
  readonly database: ReadonlyMap<string, DeclaredDatabase>
  readonly own: ReadonlyMap<string, TokenStrategy>
  /** The types of the database that each stands for. */
  readonly virtual: ReadonlyMap<string, readonly string[]>
}

/** @throws TypeError naming the type and the field. */
export function declaredTypes(types: TokenTypes): DeclaredTypes {
  const declared = {
    cookies: new Map<string, DeclaredCookie>(),
    database: new Map<string, DeclaredDatabase>(),
    own: new Map<string, TokenStrategy>(),
    virtual: new Map<string, readonly string[]>(),
  }
  for (const [name, type] of entriesOf(types)) {
    if (!NAME.test(name))
      throw new TypeError(`types: a name is made of letters, digits, _ and -, not ${JSON.stringify(name)}`)
    switch (type["strategy"]) {
      case "cookie":
        declared.cookies.set(name, checked(cookie, name, type))
        break
      case "database":
        declared.database.set(name, checked(database, name, type))
        break
      case "virtual":
        declared.virtual.set(name, checked(virtual, name, type).of)
        break
      default:
        declared.own.set(name, checked(own, name, type).strategy)
    }
  }
  for (const [name, type] of declared.cookies) assertRenewable(name, type, declared)
  assertOwnNames(declared.cookies)
  for (const [name, of] of declared.virtual) assertOneTable(name, of, declared)
  return declared
}

function entriesOf(types: unknown): readonly [name: string, type: Readonly<Record<string, unknown>>][] {
  const given = z.record(z.string(), z.looseObject({})).safeParse(types)
  const entries = given.success ? Object.entries(given.data) : []
  if (entries.length > 0) return entries
  throw new TypeError('types must name at least one type, such as access: { strategy: "cookie" }')
}

function assertRenewable(name: string, { renewedBy, format }: DeclaredCookie, { database }: DeclaredTypes): void {
  if (renewedBy === undefined) return
  if (format === "opaque")
    throw new TypeError(`types.${name}.renewedBy: an opaque cookie has no times by which to renew it`)
  if (database.get(renewedBy)?.source !== undefined) return
  throw new TypeError(`types.${name}.renewedBy must name a type of the database that has a source, not ${renewedBy}`)
}

function assertOwnNames(cookies: DeclaredTypes["cookies"]): void {
  const types = new Map<string, string>()
  for (const [type, { name }] of cookies) {
    const cookieName = cookieNameOf(type, name)
    const other = types.get(cookieName)
    if (other !== undefined)
      throw new TypeError(`types.${type}.name is that of the cookie of ${other}, too: ${cookieName}`)
    types.set(cookieName, type)
  }
}

// what is to go in one statement must be where one statement reaches it
function assertOneTable(name: string, of: readonly string[], { database }: DeclaredTypes): void {
  const tables = new Set(of.map((type) => database.get(type)?.table))
  if (tables.size === 1 && !tables.has(undefined)) return
  throw new TypeError(`types.${name}.of must name types of the database that share one table`)
}

function checked<T>(schema: z.ZodType<T>, name: string, type: object): T {
  const result = schema.safeParse(type)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new TypeError(`types.${[name, ...(issue?.path ?? [])].join(".")}: ${issue?.message ?? "is invalid"}`)
}

function withMethods<T>(...names: (keyof T & string)[]) {
  return z.custom<T>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === "function"),
    `must have ${names.join(", ")}`,
  )
}
