"""What people decide: the log, what stands of it, who may decide, and what a decision is about.

`log` is the append-only file, `standing` says what holds, `policy` is config/decisions.yml, `tables` brings the log into
the warehouse at the start of a run, `desk` turns a person's words into decisions, `sheets` does so in bulk.
"""
