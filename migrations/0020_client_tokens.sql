-- Why:  tokens for browsers are signed with keys that take turns, and that every process knows.
-- Lock: none that matters, the table is new.
-- Undo: drop table client_token_key;

create table client_token_key (
  -- The "kid" of the tokens that it signs.
  id uuid primary key,
  -- From which TOKEN_SECRET keys are derived: processes with another one do not sign or verify with this.
  secret_mark bytea not null,
  -- Half of what the key is derived from; the other half is TOKEN_SECRET.
  seed bytea not null constraint client_token_key_seed_is_random check (length(seed) = 32),
  -- Real time, not domain time.
  created_at timestamptz not null,
  -- When it signed for the last time; it verifies until its last tokens have expired. Null: it signs.
  rotated_at timestamptz
);
create unique index client_token_key_one_signs on client_token_key (secret_mark) where rotated_at is null;
