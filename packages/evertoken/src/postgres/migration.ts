import type { PostgresDatabase } from "./postgres-database.js"
import { literal, type TableNames } from "./table-names.js"

/** What this version writes. A newer one only adds to it. */
const FORMAT = 1

/**
 * Creates what is missing, in one statement: of those who come at once one creates, the others wait for it. Asks for no
 * right that it does not need: where everything is there, it only looks.
 */
export async function migrate(database: PostgresDatabase, names: TableNames): Promise<void> {
  await database.query(`create the tables of ${names.shown}`, `DO ${literal(migrationOf(names))}`)
}

function migrationOf({ schema, tokens, claims, aside, format, channel }: TableNames): string {
  return `
DECLARE
  found_format integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(${literal(channel)}));
  IF to_regnamespace(${literal(schema)}) IS NULL THEN
    CREATE SCHEMA ${schema};
  END IF;
  IF to_regclass(${literal(format)}) IS NULL THEN
    CREATE TABLE ${format} (format integer NOT NULL);
    COMMENT ON TABLE ${format} IS 'The format of the tables of evertoken beside it.';
  END IF;
  SELECT coalesce(max(format), 0) INTO found_format FROM ${format};
  IF found_format < 1 THEN
    CREATE TABLE ${tokens} (
      key text COLLATE "C" PRIMARY KEY,
      revision text NOT NULL,
      generation bigint NOT NULL,
      record text NOT NULL,
      ahead_ms double precision NOT NULL,
      written_at timestamptz NOT NULL
    );
    COMMENT ON TABLE ${tokens} IS 'Tokens kept by evertoken: secrets, unless they are encrypted. One row for each key.';
    COMMENT ON COLUMN ${tokens}.revision IS 'Random, another one after each write: what compare-and-set compares.';
    COMMENT ON COLUMN ${tokens}.generation IS 'That of the record: grows with each write, over sign-outs too.';
    COMMENT ON COLUMN ${tokens}.record IS 'JSON. Its times are by the clock of the host that wrote it.';
    COMMENT ON COLUMN ${tokens}.ahead_ms IS 'By how much the clock of the database was ahead of that one.';
    CREATE TABLE ${claims} (
      key text COLLATE "C" NOT NULL,
      what text COLLATE "C" NOT NULL,
      n integer NOT NULL,
      owner text NOT NULL,
      alive_until timestamptz NOT NULL,
      sent_at timestamptz,
      PRIMARY KEY (key, what, n)
    );
    COMMENT ON TABLE ${claims} IS 'Who may ask the issuer. No secrets.';
    COMMENT ON COLUMN ${claims}.what IS 'The hash of what the request spends.';
    COMMENT ON COLUMN ${claims}.n IS 'Counts the claims on it; 0: the issuer has refused it for good.';
    COMMENT ON COLUMN ${claims}.sent_at IS 'When the request was about to be sent, at the latest.';
    CREATE TABLE ${aside} (
      key text COLLATE "C" NOT NULL,
      revision text NOT NULL,
      record text NOT NULL,
      kept_at timestamptz NOT NULL,
      PRIMARY KEY (key, revision)
    );
    COMMENT ON TABLE ${aside} IS 'Records that evertoken could not read, and has replaced. Nothing reads or removes them.';
    INSERT INTO ${format} (format) VALUES (${FORMAT});
  END IF;
END`
}
