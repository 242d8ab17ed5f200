"""Tables and indexes of the embedded finding store: the tenant is first in every one.

What questions read stands apart from what only single findings need (`finding_event`), so that
eight findings share a page and not two.
"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS finding (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    uid TEXT NOT NULL,
    ref TEXT NOT NULL,
    time INTEGER NOT NULL,
    cls INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    severity INTEGER NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    control TEXT,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    service TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resources TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    resolved_at INTEGER,
    reopened_at INTEGER,
    epss REAL,
    exploitable INTEGER NOT NULL,
    fixable INTEGER NOT NULL,
    spells TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS finding_event (
    finding INTEGER PRIMARY KEY,
    history TEXT NOT NULL,
    event BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS finding_uid ON finding (tenant, uid);
CREATE INDEX IF NOT EXISTS finding_ref ON finding (tenant, ref);
CREATE INDEX IF NOT EXISTS finding_worst ON finding
    (tenant, state, severity DESC, ifnull(epss, -1) DESC, first_seen, uid);
CREATE INDEX IF NOT EXISTS finding_first ON finding (tenant, state, first_seen, uid, severity);
CREATE INDEX IF NOT EXISTS finding_updated ON finding (tenant, state, time, uid, severity);
CREATE INDEX IF NOT EXISTS finding_class ON finding
    (tenant, state, cls, severity DESC, ifnull(epss, -1) DESC, first_seen, uid);
CREATE INDEX IF NOT EXISTS finding_control ON finding
    (tenant, state, control, severity DESC, ifnull(epss, -1) DESC, first_seen, uid);
CREATE INDEX IF NOT EXISTS finding_service ON finding
    (tenant, state, service, severity DESC, ifnull(epss, -1) DESC, first_seen, uid);
CREATE INDEX IF NOT EXISTS finding_resource ON finding
    (tenant, state, resource, severity, resource_type);
CREATE INDEX IF NOT EXISTS finding_source ON finding (tenant, source, last_seen);
CREATE INDEX IF NOT EXISTS finding_resolved ON finding (tenant, resolved_at)
    WHERE resolved_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS finding_reopened ON finding (tenant, reopened_at)
    WHERE reopened_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS finding_tally (
    tenant TEXT NOT NULL,
    state TEXT NOT NULL,
    severity INTEGER NOT NULL,
    cls INTEGER NOT NULL,
    control TEXT NOT NULL,
    service TEXT NOT NULL,
    source TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (tenant, state, severity, cls, control, service, source, account, region)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finding_version (
    tenant TEXT PRIMARY KEY, version TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finding_day (
    tenant TEXT NOT NULL,
    day INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    PRIMARY KEY (tenant, day, severity)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finding_of_resource (
    tenant TEXT NOT NULL,
    resource TEXT NOT NULL,
    finding INTEGER NOT NULL,
    PRIMARY KEY (tenant, resource, finding)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS resource_of_finding ON finding_of_resource (finding);
CREATE VIRTUAL TABLE IF NOT EXISTS finding_text USING fts5 (
    tenant, words, tokenize = "unicode61 remove_diacritics 2", prefix = '3', detail = column
);
"""
