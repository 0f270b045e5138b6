"""The tables, for SQLite and PostgreSQL alike. Changed only by a migration beside this file."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# Times are wall-clock milliseconds since 1970 in UTC; `at` is when it happened.

events = Table(
    "events",
    metadata,
    Column("digest", String(24), primary_key=True),  # of site, device and key: hub.reckoning.digest
    Column("site", String(64), nullable=False),
    Column("device", String(128), nullable=False),
    Column("key", Text, nullable=False),  # the event's id, or what stands for it: hub.reckoning
    Column("content", String(32), nullable=False),  # hash, to tell a repeat from another of the same id
    Column("seq", BigInteger, nullable=False),  # of its row in the record
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("what", String(32)),
    Column("kind", String(32)),
    Column("zone", Text),
    Column("flaws", Text),
    Column("incident", String(64)),
    Column("size", Integer, nullable=False),  # of the whole payload
    Column("payload_hash", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),  # cut to hub.quota.PAYLOAD_KEPT
    Index("events_incident", "site", "incident"),
    Index("events_seq", "site", "seq"),
)

record = Table(
    "record",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("what", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("incident", String(64)),
    Column("stream", String(32)),  # the stream's event type, where the incident changed
    Column("detail", Text, nullable=False),  # JSON
    Column("hash", String(64), nullable=False),  # of the row and the hash before it: hub.verify_record
    Index("record_incident", "site", "incident", "seq"),
    Index("record_stream", "site", "stream", "seq"),
)

personal = Table(  # what names or describes a person, beside the chain: hub.record_chain
    "personal",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # of its row in the record
    Column("field", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("incident", String(64)),
    Column("salt", String(32)),  # NULL once removed
    Column("value", Text),  # JSON; NULL once removed
    Column("removed", BigInteger),  # number of the row that says when and why
    Index("personal_incident", "site", "incident", "at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),  # hub.incident.Incident as JSON
    Column("course", Text, nullable=False),  # hub.kept_course.KeptCourse as JSON
    Index("incidents_number", "site", "number"),
    Index("incidents_state", "site", "state", "number"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("incident", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("row", LargeBinary, nullable=False),  # hub.delivery.Delivery as JSON
    Index("deliveries_state", "site", "state"),
    Index("deliveries_incident", "site", "incident"),
)

troubles = Table(
    "troubles",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("since", BigInteger, primary_key=True),
    Column("open", Boolean, nullable=False),
    Column("row", Text, nullable=False),  # hub.view.Trouble as JSON
    Index("troubles_open", "site", "open"),
)

devices = Table(
    "devices",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("device", String(128), primary_key=True),
    Column("row", Text, nullable=False),  # hub.view.DeviceView as JSON: last known, never as heard
)

doors = Table(
    "doors",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("device", String(128), primary_key=True),
    Column("zone", String(128), primary_key=True),
    Column("row", Text, nullable=False),  # hub.view.DoorView as JSON
)

facts = Table(  # single values of a site: its last beat, reserved numbers, posture, channels' last successes
    "facts",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("value", Text, nullable=False),
)

quarantine = Table(  # what the database refused while it worked: raw, for a person to look at
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("topic", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("why", Text, nullable=False),
)

codes = Table(
    "codes",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("row", Text, nullable=False),  # hub.enrolment.identity.Code as JSON
)

identities = Table(
    "identities",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("serial", String(64), primary_key=True),
    Column("device", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("row", Text, nullable=False),  # hub.enrolment.identity.Identity as JSON
)

people = Table(
    "people",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("password", Text, nullable=False),  # argon2
    Column("epoch", Integer, nullable=False),  # raised to end all sessions
    Column("created_at", BigInteger, nullable=False),
    Column("role", String(16), nullable=False),  # hub.rights.Role
    Column("factor", Text),  # the TOTP secret, base32; NULL: no second factor
    Column("factor_since", BigInteger),
    Column("factor_step", BigInteger),  # the newest time step of a code that was taken: never taken again
)

recovery_codes = Table(  # each in the place of one code of a phone; gone once used
    "recovery_codes",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("digest", String(64), primary_key=True),  # SHA-256 of the code, which has 80 random bits
)

sessions = Table(  # who is signed in; a row that is gone is a session that is over
    "sessions",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("id", String(32), primary_key=True),  # says nothing by itself: the cookie is signed
    Column("name", String(128), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("address", String(64), nullable=False),
    Column("browser", String(256), nullable=False),
    Index("sessions_name", "site", "name"),
)

phones = Table(  # browsers that have signed up for Web Push
    "phones",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("id", String(32), primary_key=True),  # a hash of the endpoint
    Column("person", String(64), nullable=False),  # a key of the settings' people
    Column("account", String(128), nullable=False),  # who signed it up
    Column("endpoint", Text, nullable=False),
    Column("point", String(96), nullable=False),  # its public key, base64url
    Column("auth", String(32), nullable=False),  # its secret, base64url
    Column("browser", String(256), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("last_success", BigInteger),
)

tokens = Table(
    "tokens",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the token
    Column("scopes", Text, nullable=False),  # comma-separated
    Column("created_at", BigInteger, nullable=False),
    Column("ends", BigInteger),  # NULL: when it is removed
)
