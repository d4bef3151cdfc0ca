/**
 * The moment of a statement, as SQL: a parameter of it, in epoch milliseconds, or the server's own time if that is null.
 * Not `now()`: a statement may have waited for another one.
 */
export const momentOf = (parameter: string) => `coalesce(to_timestamp(${parameter}::float8 / 1000), clock_timestamp())`

/** `interval` in milliseconds, as SQL. */
export const msOf = (interval: string) => `(extract(epoch FROM ${interval})::float8 * 1000)`

/** To be evaluated by a statement that has to outlast a crash of a server told that its last commits need not. */
export const DURABLY =
  "CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END"

/** Gives that parameter. */
export type StatementTime = () => number | null
