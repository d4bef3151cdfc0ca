import { TokenTable } from "../database/token-table.js"

/** Rows in memory, as a database has them; what is done to them is counted, and can be made to fail. */
export class MemoryTable {
  readonly rows = new Map<string, string>()
  readonly statements: string[] = []
  isDown = false
  hangs = false
  /** Called after each row is written. */
  afterSave: () => void = () => {}
  /** Called when a statement was run, before its answer. */
  after: (statement: string) => void = () => {}

  readonly table = new TokenTable({
    rows: (type) => ({
      load: (userId) => this.#run("load", () => this.rows.get(`${userId}/${type}`)),
      save: (userId, value, expected) =>
        this.#run("save", () => {
          const place = `${userId}/${type}`
          if (this.rows.get(place) !== expected) return false
          this.rows.set(place, value)
          this.afterSave()
          return true
        }),
      remove: (userId) => this.#run("remove", () => this.rows.delete(`${userId}/${type}`)),
    }),
    removeMany: (userId, types) =>
      this.#run("removeMany", () => types.filter((type) => this.rows.delete(`${userId}/${type}`))),
  })

  async #run<T>(statement: string, action: () => T): Promise<T> {
    this.statements.push(statement)
    if (this.hangs) return new Promise<T>(() => {})
    if (this.isDown) throw new Error("connection refused")
    const result = action()
    this.after(statement)
    return result
  }
}
