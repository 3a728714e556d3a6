import Storage

/// The roster's tables. Only the roster writes them; source ids are those of the schools' own system.
///
/// `hash` is of the row's content as the source told it, `changed_in` the number of the import that changed it last, within
/// its district.
enum RosterSchema {
  static let migrations = [
    Migration("roster", 1, rows + guardians + imports), Migration("roster", 2, sources),
    Migration("roster", 3, NameIndex.schema),
    Migration("roster", 4, ReportViews.statements), Migration("roster", 5, uploads),
    Migration("roster", 6, DemographicsStore.schema), Migration("roster", 7, folded),
  ]

  private static let rows: [SQL] = [
    """
    CREATE TABLE roster_org (
      district_id TEXT NOT NULL, sourced_id TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
      identifier TEXT NOT NULL, school_id TEXT, left_at BIGINT, hash BIGINT NOT NULL, changed_in BIGINT NOT NULL,
      PRIMARY KEY (district_id, sourced_id),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id),
      FOREIGN KEY (district_id, school_id) REFERENCES registry_school (district_id, school_id)
    )
    """,
    """
    CREATE TABLE roster_person (
      district_id TEXT NOT NULL, person_id TEXT NOT NULL, sourced_id TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('student', 'staff')), position TEXT NOT NULL, number TEXT NOT NULL,
      given_name TEXT NOT NULL, middle_name TEXT NOT NULL, family_name TEXT NOT NULL,
      preferred_given_name TEXT NOT NULL, preferred_middle_name TEXT NOT NULL, preferred_family_name TEXT NOT NULL,
      username TEXT NOT NULL, email TEXT NOT NULL, grades TEXT NOT NULL, orgs TEXT NOT NULL, agents TEXT NOT NULL,
      school_id TEXT, left_at BIGINT, hash BIGINT NOT NULL, changed_in BIGINT NOT NULL,
      PRIMARY KEY (district_id, person_id),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id),
      FOREIGN KEY (district_id, school_id) REFERENCES registry_school (district_id, school_id)
    )
    """,
    "CREATE UNIQUE INDEX roster_person_source ON roster_person (district_id, sourced_id)",
    "CREATE INDEX roster_person_number ON roster_person (district_id, number, person_id) WHERE number <> ''",
    "CREATE INDEX roster_person_username ON roster_person (district_id, lower(username), person_id) WHERE username <> ''",
    "CREATE INDEX roster_person_email ON roster_person (district_id, lower(email), person_id) WHERE email <> ''",
    "CREATE INDEX roster_person_left ON roster_person (district_id, left_at) WHERE left_at IS NOT NULL",
    // For who sees the whole state and knows a person's id alone.
    "CREATE INDEX roster_person_id ON roster_person (person_id, district_id)",
    """
    CREATE TABLE roster_class (
      district_id TEXT NOT NULL, sourced_id TEXT NOT NULL, org TEXT NOT NULL, title TEXT NOT NULL, code TEXT NOT NULL,
      grades TEXT NOT NULL, school_id TEXT, hash BIGINT NOT NULL, changed_in BIGINT NOT NULL,
      PRIMARY KEY (district_id, sourced_id),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """,
    """
    CREATE TABLE roster_membership (
      district_id TEXT NOT NULL, sourced_id TEXT NOT NULL, class TEXT NOT NULL, person TEXT NOT NULL,
      role TEXT NOT NULL, begins TEXT NOT NULL, ends TEXT NOT NULL, hash BIGINT NOT NULL, changed_in BIGINT NOT NULL,
      PRIMARY KEY (district_id, sourced_id),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """,
    "CREATE INDEX roster_membership_class ON roster_membership (district_id, class, person)",
    "CREATE INDEX roster_membership_person ON roster_membership (district_id, person)",
  ]

  private static let guardians: [SQL] = [
    // Names and contacts are in `sealed`, and nowhere else.
    """
    CREATE TABLE roster_guardian (
      district_id TEXT NOT NULL, sourced_id TEXT NOT NULL, sealed BYTEA NOT NULL, hash BIGINT NOT NULL,
      changed_in BIGINT NOT NULL, PRIMARY KEY (district_id, sourced_id),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """,
    // HMACs of contacts in the form in which they are compared.
    """
    CREATE TABLE roster_guardian_contact (
      district_id TEXT NOT NULL, digest BYTEA NOT NULL, guardian TEXT NOT NULL,
      PRIMARY KEY (district_id, digest, guardian)
    )
    """,
    "CREATE INDEX roster_guardian_contact_of ON roster_guardian_contact (district_id, guardian)",
    // Source ids of both; whose guardian somebody is stands in the student's own row too.
    """
    CREATE TABLE roster_guardian_link (
      district_id TEXT NOT NULL, guardian TEXT NOT NULL, person TEXT NOT NULL,
      PRIMARY KEY (district_id, guardian, person)
    )
    """,
    "CREATE INDEX roster_guardian_link_of ON roster_guardian_link (district_id, person)",
  ]

  // A file that somebody looks at before it is taken up, for an hour at most. Its content is sealed, as it names guardians.
  private static let uploads: [SQL] = [
    """
    CREATE TABLE roster_upload (
      district_id TEXT NOT NULL, upload_id TEXT NOT NULL, actor TEXT NOT NULL, at BIGINT NOT NULL, mapping TEXT,
      size BIGINT NOT NULL, digest BYTEA NOT NULL, sealed BYTEA NOT NULL, PRIMARY KEY (district_id, upload_id),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """,
    "CREATE INDEX roster_upload_at ON roster_upload (district_id, at)",
  ]

  private static let imports: [SQL] = [
    """
    CREATE TABLE roster_import (
      district_id TEXT NOT NULL, number BIGINT NOT NULL, import_id TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('import', 'undo')), source TEXT NOT NULL CHECK (source IN ('state', 'district')),
      at BIGINT NOT NULL, actor TEXT NOT NULL, file BYTEA, counts BYTEA NOT NULL, undone_by BIGINT,
      PRIMARY KEY (district_id, number),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """,
    "CREATE INDEX roster_import_at ON roster_import (at)",
    "CREATE INDEX roster_import_id ON roster_import (import_id, district_id)",
    // Rows as they were before the district's last import: what undo puts back. Guardians' bodies are sealed.
    """
    CREATE TABLE roster_former (
      district_id TEXT NOT NULL, kind TEXT NOT NULL, sourced_id TEXT NOT NULL, body BYTEA NOT NULL, left_at BIGINT,
      hash BIGINT NOT NULL, PRIMARY KEY (district_id, kind, sourced_id)
    )
    """,
    // Which columns of a district's own CSV say what.
    """
    CREATE TABLE roster_mapping (
      district_id TEXT NOT NULL, name TEXT NOT NULL, body BYTEA NOT NULL, PRIMARY KEY (district_id, name),
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """,
    // For how long those who left are kept, where the district chose, and when its roster was last read.
    """
    CREATE TABLE roster_district (
      district_id TEXT NOT NULL PRIMARY KEY, identifier TEXT, left_days BIGINT, checked_at BIGINT,
      FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """,
  ]

  /// What names one person, as ``FoldedName`` has it: found in one district and in all of them by the same index. A condition on
  /// `lower(…)` is one that PostgreSQL looks at only after its row level security, when every row was read.
  private static let folded: [SQL] = [
    "ALTER TABLE roster_person ADD COLUMN number_folded TEXT",
    "ALTER TABLE roster_person ADD COLUMN username_folded TEXT",
    "ALTER TABLE roster_person ADD COLUMN email_folded TEXT",
    """
    UPDATE roster_person SET number_folded = lower(NULLIF(number, '')), username_folded = lower(NULLIF(username, '')),
      email_folded = lower(NULLIF(email, ''))
    """,
    "DROP INDEX roster_person_username",
    "DROP INDEX roster_person_email",
    """
    CREATE INDEX roster_person_by_number ON roster_person (number_folded, district_id, person_id)
    WHERE number_folded IS NOT NULL
    """,
    """
    CREATE INDEX roster_person_by_username ON roster_person (username_folded, district_id, person_id)
    WHERE username_folded IS NOT NULL
    """,
    """
    CREATE INDEX roster_person_by_email ON roster_person (email_folded, district_id, person_id)
    WHERE email_folded IS NOT NULL
    """,
  ]

  private static let sources: [SQL] = [
    // Whose files the ids are from, and were before an import: ids of another source are not the same people's.
    "ALTER TABLE roster_district ADD COLUMN source TEXT CHECK (source IN ('state', 'district'))",
    "ALTER TABLE roster_import ADD COLUMN former_source TEXT",
    // Since when nobody in the roster has this guardian.
    "ALTER TABLE roster_guardian ADD COLUMN unlinked_at BIGINT",
    // By which key guardians are sealed: one row.
    """
    CREATE TABLE roster_contact_key (
      id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1), fingerprint BYTEA NOT NULL
    )
    """,
    // For lists of a school's people, and of those who left.
    "CREATE INDEX roster_person_school ON roster_person (district_id, school_id, person_id)",
    "CREATE INDEX roster_person_gone ON roster_person (district_id, person_id) WHERE left_at IS NOT NULL",
  ]
}
