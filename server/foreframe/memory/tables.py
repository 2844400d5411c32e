"""The tables of a workspace's file. A step's frames are those that no earlier step has.

A node of a trace is named by the step that brought it and its length: what a step's frames hang on
is (`base_step`, `base_length`); no `base_step`: they begin a trace of their own, on `root`.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text

VERSION = 1  # of all below; in the file as `PRAGMA user_version`

METADATA = MetaData()

WORKSPACE = Table(
    "workspace",
    METADATA,
    Column("path", Text, primary_key=True),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("begun", Text, nullable=False),  # ISO 8601, UTC
    Column("program", Text, nullable=False),  # path
    Column("source", Text, nullable=False),  # the program's text
    Column("function", Text),  # None: the module
    Column("args", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("foreframe", Text, nullable=False),  # versions
    Column("python", Text, nullable=False),
    Column("branch", Integer, nullable=False),  # where it stands: on which frame of which branch
    Column("length", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_autoincrement=True,  # the number of a session that was deleted is not given again
)

SERVED = Table(  # of sessions begun over HTTP; in a file once there is one, whatever its version
    "served",
    METADATA,
    Column("token", Text, primary_key=True),  # what the server's clients know a session by
    Column("session", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("launch", Text, nullable=False),  # JSON: how it was begun
    Column("lives", Integer, nullable=False),  # how often it has been opened, from 1
    Column("key", Text),  # of the last request that led to where it stands, if it had one
)

STEPS = Table(
    "steps",
    METADATA,
    Column("session", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("parent", Integer),
    Column("branch", Integer, nullable=False),
    Column("origin", Integer),  # the branch that this step's branch leaves
    Column("action", Text),
    Column("end", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("base_step", Integer),
    Column("base_length", Integer, nullable=False),
    Column("root", Text),  # JSON of a state
    Column("frames", Text, nullable=False),  # JSON, as codec.py has it
    Column("more", Text, nullable=False),  # JSON: the other fields that are not their defaults
)
